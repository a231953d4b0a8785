import type { PriceTable } from '../prices.js';
import type { Operation } from '../job-request.js';

export const presetIds = [
  'openai',
  'apiyi',
  'laozhang',
  'cometapi',
  'tuzi',
  'bianxie',
  'simulator',
  'openai-compatible',
] as const;
export type PresetId = (typeof presetIds)[number];

/** Limits over all workers and machines. Null: none. */
export interface Limits {
  /** Calls at the same time. */
  readonly concurrency: number;
  readonly requests_per_minute: number | null;
  /** How many of a minute's requests may be sent at once where the provider is known to count with a token bucket. */
  readonly burst: number | null;
  readonly requests_per_day: number | null;
  readonly images_per_minute: number | null;
  readonly images_per_month: number | null;
}

/** Of one account; those of a model, by our name, are kept beside them. */
export interface AccountLimits extends Limits {
  readonly per_model: Readonly<Record<string, Limits>>;
}

/**
 * What becomes of one of our parameters on its way to a provider: sent under its name unless a rule says otherwise.
 * `ignore`: left out, and said so on the attempt. `refuse`: the provider would drop it and make another picture than was
 * asked for, so that an account there cannot serve such a request.
 */
export type ParameterRule =
  | 'ignore'
  | 'refuse'
  | {
      readonly as: string;
      /** Our values → theirs; one that is not there is left out. Without it values go as they are. */
      readonly values?: Readonly<Record<string, string | boolean>>;
    };

export type ParameterRules = Readonly<Record<string, ParameterRule>>;

/** What becomes of the parameters of a model. */
export function parameterRules(preset: Pick<Preset, 'parameters' | 'modelParameters'>, model: string): ParameterRules {
  return { ...preset.parameters, ...preset.modelParameters[model] };
}

/** What is true of every account at one provider. Data: a provider that speaks the dialect is a row, not code. */
export interface Preset {
  readonly id: PresetId;
  readonly name: string;
  /** Null where only the user knows it. */
  readonly baseUrl: string | null;
  /** Environment variable whose presence alone makes an account, or null. */
  readonly envKey: string | null;
  /** Environment variable that replaces {@link baseUrl}, or null. */
  readonly baseUrlKey: string | null;
  /** Our model names → the provider's; `any` maps every name to itself. */
  readonly models: 'any' | Readonly<Record<string, string>>;
  /** The model of a request that names none. */
  readonly defaultModel: string;
  readonly operations: readonly Operation[];
  readonly parameters: ParameterRules;
  /** Of single models, by our name: before those of all. */
  readonly modelParameters: Readonly<Record<string, ParameterRules>>;
  /** Longest prompt where it is shorter than the model's own, by our model name; in characters. */
  readonly maxPrompt: Readonly<Record<string, number>>;
  /** `response_format` as it is sent, by the provider's model name; undefined: not sent. */
  readonly responseFormat: (model: string) => 'b64_json' | undefined;
  readonly editForm: 'multipart' | 'json';
  /** Whether it streams events with previews where it is asked to. */
  readonly streams: boolean;
  /** Multipart field of several images; one image is always `image`. */
  readonly imagesField: 'image[]' | 'image';
  readonly maxImagesPerCall: number;
  readonly limits: AccountLimits;
  /** Whether it is known to count requests and images, and to refuse, model by model. */
  readonly limitsPerModel: boolean;
  readonly timeoutMs: number;
  /** How long a result link lives where the answer does not say, in milliseconds. */
  readonly urlTtlMs: number;
  readonly prices: PriceTable | null;
}

export const noLimits: Omit<Limits, 'concurrency'> = {
  requests_per_minute: null,
  burst: null,
  requests_per_day: null,
  images_per_minute: null,
  images_per_month: null,
};

export const defaultLimits: AccountLimits = { concurrency: 5, ...noLimits, per_model: {} };
