import pLimit, { type LimitFunction } from 'p-limit';

interface Share {
  readonly limit: LimitFunction;
  users: number;
}

/** The share of a URL: its host's. What is no URL is refused where it is asked for. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

/**
 * Places for work on strangers' servers: so many in all, and of those so many for one project, for one host. Who waits for
 * a place of its share takes none of the others'.
 */
export class Places {
  readonly #all: LimitFunction;
  readonly #most: readonly number[];
  readonly #shares = new Map<string, Share>();

  /** `most`: of each kind of share, outermost first. */
  constructor(all: number, ...most: readonly number[]) {
    this.#all = pLimit(all);
    this.#most = most;
  }

  /** Runs `work` when there is a place in each of these shares, one of each kind. */
  async run<T>(shares: readonly string[], work: () => Promise<T>): Promise<T> {
    const enter = async (kind: number): Promise<T> => {
      const [name, most] = [shares[kind], this.#most[kind]];
      if (name === undefined || most === undefined) return this.#all(work);
      return this.#in(`${kind} ${name}`, most, async () => enter(kind + 1));
    };
    return enter(0);
  }

  /** Shares that somebody uses. */
  get shares(): number {
    return this.#shares.size;
  }

  async #in<T>(key: string, most: number, work: () => Promise<T>): Promise<T> {
    const share = this.#shares.get(key) ?? { limit: pLimit(most), users: 0 };
    this.#shares.set(key, share);
    share.users++;
    try {
      return await share.limit(work);
    } finally {
      share.users--;
      if (share.users === 0) this.#shares.delete(key);
    }
  }
}
