import type { Exception } from './corpus.js';
import { runSection, type Ask } from './run-section.js';
import { post } from './said.js';

/** A job's fields: numbers, text, and what nobody may set. */

const job = { type: 'generation', model: 'gpt-image-2', prompt: 'x' };
const body =
  (whole: unknown): Ask =>
  async (world) =>
    post(world, whole);
const with_ = (fields: Readonly<Record<string, unknown>>): Ask => body({ ...job, ...fields });
/** As JSON is written, where JavaScript would write it otherwise. */
const written = (members: string): Ask => body(`${JSON.stringify(job).slice(0, -1)},${members}}`);
const without = (name: keyof typeof job): Ask => body({ ...job, [name]: undefined });

const refused = (code: string, because: string): Exception => ({ status: 400, code, because });
const taken = (because: string): Exception => ({ status: 202, code: null, because });
const each = (rows: readonly number[], exception: Exception): Record<number, Exception> =>
  Object.fromEntries(rows.map((n) => [n, exception]));

const unknownParameter = refused('unknown_parameter', "OpenAI's own code for it: SDKs and relays branch on it");
const anyCustomId = taken('contract: a custom_id is 1 to 512 printable characters of any script, and never a path');

runSection(
  'B',
  {
    36: refused('missing_required_parameter', 'says more than that something is wrong: which parameter is not there'),
    38: taken("contract: without a model it is the account's default"),
    39: { status: 404, code: 'model_not_found', because: "contract: an unknown model is 404, as OpenAI's" },
    65: unknownParameter,
    66: unknownParameter,
    ...each(
      [68, 69, 70, 71, 72, 73, 74, 75, 76, 77],
      refused('invalid_size', 'contract: a size that cannot be made has a code of its own'),
    ),
    ...each([82, 83, 84, 85], unknownParameter),
    ...each([97, 98, 99, 100, 101, 102, 103, 107, 108, 109, 110, 111, 112, 113, 114, 115], anyCustomId),
  },
  {
    36: body({}),
    37: without('prompt'),
    38: without('model'),
    39: with_({ model: 'gpt-image-9' }),
    40: with_({ model: ['gpt-image-2'] }),
    41: with_({ prompt: null }),
    42: with_({ prompt: 7 }),
    43: with_({ prompt: { text: 'x' } }),
    44: with_({ prompt: '' }),
    45: with_({ prompt: ' \n\t\u3000' }),
    46: with_({ prompt: 'x'.repeat(32_001) }),
    47: with_({ prompt: 'x'.repeat(32_000) }),
    48: with_({ prompt: 'a\u0000b' }),
    49: with_({ prompt: 'a\u001b[31mb' }),
    50: with_({ prompt: 'a\ud83d' }),
    51: with_({ prompt: '\ude00a' }),
    52: with_({ prompt: '👩‍🎨 \u202e مرحبا 名前' }),
    53: with_({ prompt: `e${'\u0301'.repeat(10_000)}` }),
    54: with_({ n: 0 }),
    55: with_({ n: -1 }),
    56: with_({ n: 11 }),
    57: with_({ n: 1.5 }),
    58: written('"n":1.0'),
    59: with_({ n: '1' }),
    60: with_({ n: true }),
    61: written('"n":1e999'),
    62: written('"n":9007199254740992'),
    63: written('"n":1e-400'),
    64: written('"n":-0'),
    65: with_({ seed: 2 ** 32 }),
    66: with_({ seed: 2 ** 32 - 1 }),
    67: written(`"n":${'9'.repeat(400)}`),
    68: with_({ size: '0x0' }),
    69: with_({ size: '1024' }),
    70: with_({ size: '1024X1024' }),
    71: with_({ size: '-16x16' }),
    72: with_({ size: '1024x1024 ' }),
    73: with_({ size: '99999x16' }),
    74: with_({ size: '1000x1000' }),
    75: with_({ size: '４０００x16' }),
    76: with_({ size: '1024x1024\n' }),
    77: with_({ size: '3840x16' }),
    78: with_({ size: '3840x2160' }),
    79: with_({ size: 'auto' }),
    80: with_({ quality: 'HIGH' }),
    81: with_({ output_format: 'svg' }),
    82: with_({ colour: 'red' }),
    83: with_({ tenant_id: 'other' }),
    84: with_({ status: 'completed' }),
    85: with_({ cost_usd: 0 }),
    86: with_({ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) }),
    87: with_({ metadata: { a: 'x'.repeat(513) } }),
    88: with_({ metadata: { a: 1 } }),
    89: with_({ metadata: { ['k'.repeat(65)]: 'v' } }),
    90: with_({ metadata: ['a'] }),
    91: with_({ metadata: { a: Array.from({ length: 1_001 }, () => 'x') } }),
    92: written('"__proto__":{"polluted":true}'),
    93: written('"metadata":{"__proto__":"x"}'),
    94: written('"constructor":{"prototype":{"polluted":true}}'),
    95: written('"\\u005f_proto__":{"polluted":true}'),
    96: with_({ metadata: { toString: 'x', constructor: 'y' } }),
    97: with_({ custom_id: '../../etc/passwd' }),
    98: with_({ custom_id: '..' }),
    99: with_({ custom_id: '.hidden' }),
    100: with_({ custom_id: 'a/b' }),
    101: with_({ custom_id: 'a\\b' }),
    102: with_({ custom_id: 'a%2fb' }),
    103: with_({ custom_id: 'C:\\x' }),
    104: with_({ custom_id: 'a\u0000b' }),
    105: with_({ custom_id: 'a\nb' }),
    106: with_({ custom_id: '' }),
    107: with_({ custom_id: 'x'.repeat(65) }),
    108: with_({ custom_id: '名前' }),
    109: with_({ custom_id: 'a..b' }),
    110: with_({ custom_id: 'CON ' }),
    111: with_({ custom_id: 'a b' }),
    112: with_({ custom_id: '-rf' }),
    113: with_({ custom_id: '$(id)' }),
    114: with_({ custom_id: "a';DROP TABLE--" }),
    115: with_({ custom_id: '=cmd|calc' }),
    116: with_({ custom_id: 'a-1_b.c' }),
  },
);
