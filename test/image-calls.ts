/** OpenAI's image routes, as the tests call them. */

export interface Images {
  created: number;
  data: { b64_json?: string; url?: string; revised_prompt?: string }[];
  size?: string;
  quality?: string;
  output_format?: string;
  background?: string;
  usage?: { total_tokens: number };
}
export interface Failure {
  error: { message: string; type: string; param: string | null; code: string };
}

export const body = { model: 'gpt-image-1', quality: 'low', prompt: 'a blue vase' };
