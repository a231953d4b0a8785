/** A request that ends in OpenAI's error envelope: `{error: {message, type, param, code}}`, all four keys always. */

export interface RefusalDetails {
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further keys of the error object, such as `moderation_details`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export class Refusal extends Error {
  readonly status: number;
  readonly details: RefusalDetails;

  constructor(status: number, message: string, details: RefusalDetails = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.details = details;
  }

  get body(): { error: Record<string, unknown> } {
    const { type = 'invalid_request_error', param = null, code = null, more } = this.details;
    return { error: { message: this.message, type, param, code, ...more } };
  }
}

export const badRequest = (message: string, param: string | null, code: string | null): Refusal =>
  new Refusal(400, message, { param, code });

export const invalidValue = (param: string, value: unknown, supported: readonly string[]): Refusal => {
  const list = supported.map((name) => `'${name}'`);
  const values = list.length > 1 ? `${list.slice(0, -1).join(', ')}, and ${list.at(-1)}` : list.join('');
  return badRequest(`Invalid value: '${String(value)}'. Supported values are: ${values}.`, param, 'invalid_value');
};

export const unknownParameter = (param: string): Refusal =>
  badRequest(`Unknown parameter: '${param}'.`, param, 'unknown_parameter');

export const missingParameter = (param: string): Refusal =>
  badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
