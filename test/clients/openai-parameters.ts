import type OpenAI4 from 'openai4';
import type OpenAI6 from 'openai6';
import type OpenAI7 from 'openai7';

/**
 * A value for every parameter that the types of a version know: a name that they gain and that is missing here does
 * not compile. No model takes all of them, so the tests send each to one that does.
 */
type Generate<T> = Record<keyof Omit<T, 'prompt' | 'model' | 'stream' | 'image' | 'mask' | 'markup'>, unknown>;

const four: Generate<OpenAI4.ImageGenerateParams> = {
  background: 'transparent',
  moderation: 'low',
  n: 1,
  output_compression: 80,
  output_format: 'webp',
  quality: 'low',
  response_format: 'b64_json',
  size: '1024x1536',
  style: 'natural',
  user: 'buyer-7',
};
const six: Generate<OpenAI6.Images.ImageGenerateParams> = { ...four, partial_images: 0 };
const seven: Generate<OpenAI7.Images.ImageGenerateParams> = {
  ...six,
  complexity: 'low',
  frame_count: 4,
  frame_duration_ms: 100,
  safety_identifier: 'buyer-7',
  svg: { model: 'gpt-6', reasoning: { effort: 'low' } },
};
const edits4: Generate<OpenAI4.ImageEditParams> = {
  background: 'opaque',
  n: 1,
  quality: 'low',
  response_format: 'b64_json',
  size: '1536x1024',
  user: 'buyer-7',
};
const edits6: Generate<OpenAI6.Images.ImageEditParams> = {
  ...edits4,
  input_fidelity: 'high',
  output_compression: 70,
  output_format: 'jpeg',
  partial_images: 0,
};
const edits7: Generate<OpenAI7.Images.ImageEditParams> = {
  ...edits6,
  complexity: 'low',
  frame_count: 4,
  frame_duration_ms: 100,
  safety_identifier: 'buyer-7',
};

export const generates: Record<number, Record<string, unknown>> = { 4: four, 6: six, 7: seven };
export const edits: Record<number, Record<string, unknown>> = { 4: edits4, 6: edits6, 7: edits7 };

/** What shapes our answer and never reaches a provider. */
export const answerOnly = ['response_format', 'partial_images'];
/** What no model of the older families takes. */
export const newest = ['complexity', 'svg', 'frame_count', 'frame_duration_ms'];

export const without = (values: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
