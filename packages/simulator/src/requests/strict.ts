import { modelRow, type Model } from '../catalogue/models.js';
import { flexibleRefusal, parseSize } from '../catalogue/sizes.js';
import type { Operation, Parameters } from './parameters.js';
import type { Received, ReceivedFile } from './received.js';
import { badRequest, invalidValue, Refusal, unknownParameter } from './refusal.js';

/** What OpenAI itself refuses and most relays let pass: `strict: 'openai'`. */

const everywhere = ['prompt', 'model', 'n', 'size', 'quality', 'background', 'user', 'safety_identifier'];
const gptImage = [
  'output_format',
  'output_compression',
  'moderation',
  'stream',
  'partial_images',
  'effort',
  'complexity',
];
const known: Record<Operation, readonly string[]> = {
  generation: [...everywhere, ...gptImage, 'frame_count', 'frame_duration_ms', 'svg'],
  edit: [...everywhere, ...gptImage, 'input_fidelity', 'frame_count', 'frame_duration_ms'],
  variation: ['model', 'n', 'size', 'response_format', 'user'],
};
const legacyOnly = ['response_format', 'style'];

function checkFile({ field, contentType }: ReceivedFile): void {
  if (contentType && ['image/jpeg', 'image/png', 'image/webp'].includes(contentType)) return;
  throw badRequest(
    `Invalid file '${field.replace(/\[\d*\]$/, '')}': unsupported mimetype ('${contentType ?? 'none'}'). ` +
      "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
    field.replace(/\[\d*\]$/, ''),
    'unsupported_file_mimetype',
  );
}

function checkSize(model: Model, text: string): void {
  if (text === 'auto') return;
  if (model.sizes !== 'flexible') {
    if (!model.sizes.includes(text)) throw invalidValue('size', text, [...model.sizes, 'auto']);
    return;
  }
  const size = parseSize(text);
  const refusal = size ? flexibleRefusal(size) : "expected a size such as '1024x1024', or 'auto'";
  if (refusal) throw badRequest(`Invalid size '${text}': ${refusal}.`, 'size', 'invalid_value');
}

export function checkAsOpenAi(operation: Operation, received: Received, read: Parameters): void {
  const id = read.model ?? 'dall-e-2';
  const model = modelRow(id);
  if (!model) {
    const message = `The model '${id}' does not exist.`;
    throw new Refusal(404, message, { param: 'model', code: 'model_not_found' });
  }
  for (const name of Object.keys(received.fields)) {
    if (!known[operation].includes(name) && !(model.legacy && legacyOnly.includes(name))) throw unknownParameter(name);
  }
  if (received.form === 'multipart') {
    for (const file of [...received.images, ...(received.mask ? [received.mask] : [])]) checkFile(file);
  }
  checkSize(model, read.size);
  if (read.quality !== 'auto' && !model.qualities.includes(read.quality)) {
    throw invalidValue('quality', read.quality, [...model.qualities, 'auto']);
  }
  if (read.n > model.maxImages) throw invalidValue('n', read.n, [String(model.maxImages)]);
  if (model.alwaysFaithful && 'input_fidelity' in received.fields) throw unknownParameter('input_fidelity');
  if (read.prompt !== undefined && read.prompt.length > model.maxPrompt) {
    throw badRequest(
      `Invalid 'prompt': string too long. Expected a string with maximum length ${model.maxPrompt}, ` +
        `but got a string with length ${read.prompt.length} instead.`,
      'prompt',
      'string_above_max_length',
    );
  }
  if (read.background === 'transparent' && read.output_format === 'jpeg') {
    throw badRequest(
      "Transparent background is not supported for 'jpeg' output format.",
      'background',
      'invalid_value',
    );
  }
}
