/** Tokens as the provider counted them. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  readonly input_tokens_details?: { readonly text_tokens: number; readonly image_tokens: number };
  readonly output_tokens_details?: { readonly text_tokens: number; readonly image_tokens: number };
}

/** What the effective parameters were, as far as the provider told. */
export interface EffectiveParameters {
  readonly size?: string;
  readonly quality?: string;
  readonly background?: string;
  readonly output_format?: string;
}
