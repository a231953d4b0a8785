import { newWebhookSecret } from '../../domain/webhook-signature.js';
import { seal, unseal } from '../../domain/sealed-box.js';
import type { WebhookStore } from './webhook-store.js';

/** Who signs with what. Secrets lie sealed in Redis, each bound to its project and purpose. */
export class WebhookSecrets {
  readonly #store: WebhookStore;
  readonly #secret: string;
  readonly #defaultProjectSecret: string | undefined;

  /** `secret`: RENDERMILL_SECRET. `defaultProjectSecret`: RENDERMILL_WEBHOOK_SECRET, for project `default`. */
  constructor(store: WebhookStore, secret: string, defaultProjectSecret: string | undefined) {
    this.#store = store;
    this.#secret = secret;
    this.#defaultProjectSecret = defaultProjectSecret;
  }

  /** The secrets that sign for an endpoint (`url`: a job's own webhook_url), or null where the endpoint is gone. */
  async forEndpoint(project: string, endpoint: string): Promise<readonly string[] | null> {
    if (endpoint === 'url') return [await this.forProject(project)];
    const row = await this.#store.get(project, endpoint);
    return row && row.enabled ? [this.open(project, endpoint, row.sealed_secret)] : null;
  }

  /** The project's own secret: from the environment for `default`, else made once and kept. */
  async forProject(project: string): Promise<string> {
    if (project === 'default' && this.#defaultProjectSecret) return this.#defaultProjectSecret;
    const context = `${project}|webhook-secret`;
    const sealed = await this.#store.projectSecret(project, seal(this.#secret, context, newWebhookSecret()));
    return unseal(this.#secret, context, sealed);
  }

  sealFor(project: string, endpoint: string, secret: string): string {
    return seal(this.#secret, `${project}|endpoint|${endpoint}`, secret);
  }

  open(project: string, endpoint: string, sealed: string): string {
    return unseal(this.#secret, `${project}|endpoint|${endpoint}`, sealed);
  }
}
