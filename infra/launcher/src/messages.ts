/**
 * What API and worker tell the launcher over Node's IPC channel.
 *
 * They send {@link ReadyMessage} once they serve, and the worker {@link WaitingMessage} while it drains. SIGTERM asks
 * them to finish and exit with 0. When the launcher is killed the channel closes, and both take their `disconnect`
 * event as SIGTERM: nothing of an installation outlives its launcher for longer than a drain.
 */
export interface ReadyMessage {
  readonly ready: true;
  /** Of the API: where it listens. */
  readonly url?: string;
  /** Ids of the provider accounts; `simulator` alone where there is none. */
  readonly providers?: readonly string[];
  /** How long its drain may take at most; the launcher kills it some time after that. */
  readonly shutdownGraceMs?: number;
}

export interface WaitingMessage {
  /** Calls in flight. */
  readonly waiting: number;
}

export function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;
}

export function isWaiting(message: unknown): message is WaitingMessage {
  return typeof message === 'object' && message !== null && 'waiting' in message && typeof message.waiting === 'number';
}
