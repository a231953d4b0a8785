import { expect, test } from '@jest/globals';
import { mayLeaveOut } from '@rendermill/shared/domain/parameters';
import { unknownParameter } from '@rendermill/shared/domain/unknown-parameter';

const error = (message: string, more: object = {}) => ({
  error: { message, type: 'x', param: null, code: null, ...more },
});

test.each<[string, unknown, string | null]>([
  [
    'OpenAI',
    error("Unknown parameter: 'response_format'.", { param: 'response_format', code: 'unknown_parameter' }),
    'response_format',
  ],
  [
    'a relay that empties param',
    error("Unknown parameter: 'user'. (request id: 2026)", { param: '', code: 'unknown_parameter' }),
    'user',
  ],
  [
    'unsupported, with advice',
    error("Unsupported parameter: 'moderation' is not supported with this model.", { code: 'unsupported_parameter' }),
    'moderation',
  ],
  ['the old API', error('Unrecognized request argument supplied: output_compression'), 'output_compression'],
  ['Python', error("Images.generate() got an unexpected keyword argument 'background'"), 'background'],
  [
    'FastAPI',
    { detail: [{ type: 'extra_forbidden', loc: ['body', 'moderation'], msg: 'Extra inputs are not permitted' }] },
    'moderation',
  ],
  ['JSON schema', error("Additional properties are not allowed ('user' was unexpected)"), 'user'],
  ['a form field', error("Unknown parameter: 'image[]'."), 'image[]'],
  ['Chinese', error('不支持的参数: moderation'), 'moderation'],
  ['a sentence', { message: 'The parameter `style` is not allowed.' }, 'style'],
  [
    'a value',
    error("Invalid value: 'max'. Supported values are: 'low', 'medium'.", { param: 'quality', code: 'invalid_value' }),
    null,
  ],
  [
    'a value that is not supported',
    error("Transparent background is not supported for 'jpeg' output format.", { param: 'background' }),
    null,
  ],
  [
    'Azure’s value',
    error("Model does not support request parameter value supplied: 'width' must be at least 768 pixels.", {
      code: 'unsupported_request_value',
    }),
    null,
  ],
  ['another trouble', error('Rate limit reached'), null],
  ['nothing', undefined, null],
])('of %s', (_who, json, name) => {
  expect(unknownParameter({ json, text: '' })).toBe(name);
});

test('what may be left out is what does not change the picture, or says what is done anyway', () => {
  const cases = [
    ['user', 'a', true],
    ['moderation', 'low', true],
    ['output_compression', 5, true],
    ['response_format', 'b64_json', true],
    ['n', 1, true],
    ['n', 2, false],
    ['background', 'auto', true],
    ['background', 'transparent', false],
    ['size', '1024x1024', false],
    ['quality', 'high', false],
    ['output_format', 'webp', false],
    ['style', 'vivid', false],
    ['prompt', 'x', false],
  ] as const;
  for (const [name, value, may] of cases) expect([name, value, mayLeaveOut(name, value)]).toEqual([name, value, may]);
});
