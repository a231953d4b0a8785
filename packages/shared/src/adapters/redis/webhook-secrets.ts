import { newWebhookSecret } from '../../domain/webhook-signature.js';
import { isOutdated, seal, unseal, type SealingSecrets } from '../../domain/sealed-box.js';
import type { WebhookEndpoint } from '../../domain/webhook-endpoints.js';
import type { WebhookStore } from './webhook-store.js';

const projectContext = (project: string): string => `${project}|webhook-secret`;
const endpointContext = (project: string, id: string): string => `${project}|endpoint|${id}`;

/** Those that sign now, newest first. */
function sealedOf({ sealed_secret, old_secrets }: WebhookEndpoint): string[] {
  return [sealed_secret, ...old_secrets.filter(({ ends }) => ends > Date.now()).map(({ secret }) => secret)];
}

/** Who signs with what. Secrets lie sealed in Redis, each bound to its project and purpose. */
export class WebhookSecrets {
  readonly #store: WebhookStore;
  readonly #secrets: SealingSecrets;
  readonly #defaultProjectSecret: string | undefined;

  /** `defaultProjectSecret`: RENDERMILL_WEBHOOK_SECRET, for project `default`. */
  constructor(store: WebhookStore, secrets: SealingSecrets, defaultProjectSecret: string | undefined) {
    this.#store = store;
    this.#secrets = secrets;
    this.#defaultProjectSecret = defaultProjectSecret;
  }

  /**
   * The secrets that sign for an endpoint (`url`: a webhook_url), newest first, or null where the endpoint is gone or
   * disabled.
   */
  async forEndpoint(project: string, endpoint: string): Promise<readonly string[] | null> {
    if (endpoint === 'url') return [await this.forProject(project)];
    const row = await this.#store.get(project, endpoint);
    return row?.enabled ? this.of(row) : null;
  }

  /** An endpoint's own, newest first: after a rotation the one before too, until its time is over. */
  of(endpoint: WebhookEndpoint): readonly string[] {
    const { project, id } = endpoint;
    return sealedOf(endpoint).map((sealed) => unseal(this.#secrets, endpointContext(project, id), sealed));
  }

  /** The project's own secret: from the environment for `default`, else made once and kept. */
  async forProject(project: string): Promise<string> {
    if (project === 'default' && this.#defaultProjectSecret) return this.#defaultProjectSecret;
    const context = projectContext(project);
    const sealed = await this.#store.projectSecret(project, seal(this.#secrets, context, newWebhookSecret()));
    return unseal(this.#secrets, context, sealed);
  }

  /** A new secret for an endpoint, as it is stored. */
  fresh(project: string, endpoint: string): Pick<WebhookEndpoint, 'sealed_secret' | 'secret_hint'> {
    const secret = newWebhookSecret();
    return {
      sealed_secret: seal(this.#secrets, endpointContext(project, endpoint), secret),
      secret_hint: `…${secret.slice(-4)}`,
    };
  }

  /**
   * Seals anew what the RENDERMILL_SECRET before has sealed, so that it can be forgotten; answers how many.
   * `onLost`: what neither secret opens; a project's own has endpoint ''.
   */
  async renew(onLost: (project: string, endpoint: string) => void): Promise<number> {
    let renewed = 0;
    for (const project of await this.#store.projects()) {
      const own = await this.#store.sealedProjectSecret(project);
      const endpoints = await this.#store.list(project);
      const sealed = [
        ...(own === null ? [] : [['', own]]),
        ...endpoints.flatMap((row) => sealedOf(row).map((one) => [row.id, one])),
      ];
      for (const [endpoint = '', was = ''] of sealed) {
        if (!isOutdated(this.#secrets, was)) continue;
        const fresh = this.#fresh(project, endpoint, was);
        if (fresh === null) onLost(project, endpoint);
        else if (await this.#store.reseal(project, endpoint, was, fresh)) renewed++;
      }
    }
    return renewed;
  }

  #fresh(project: string, endpoint: string, was: string): string | null {
    const context = endpoint === '' ? projectContext(project) : endpointContext(project, endpoint);
    try {
      return seal(this.#secrets, context, unseal(this.#secrets, context, was));
    } catch {
      return null;
    }
  }
}
