/** What the tests use of the AI SDK, in the words of its documentation. */
export interface ImageModel {
  readonly modelId: string;
}

export interface ProviderOptions {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly fetch?: typeof fetch;
}

export function createOpenAI(options: ProviderOptions): { image: (modelId: string) => ImageModel };

export function createOpenAICompatible(options: ProviderOptions & { readonly name: string }): {
  imageModel: (modelId: string) => ImageModel;
};

export function generateImage(options: {
  readonly model: ImageModel;
  readonly prompt: string | { readonly text: string; readonly images: Uint8Array[]; readonly mask?: Uint8Array };
  readonly n?: number;
  readonly size?: `${number}x${number}`;
  readonly maxRetries?: number;
  readonly providerOptions?: Record<string, Record<string, unknown>>;
}): Promise<{
  readonly images: readonly { readonly uint8Array: Uint8Array; readonly mediaType: string }[];
  readonly usage: { readonly outputTokens?: number };
}>;
