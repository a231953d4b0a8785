import { text } from '../text';
import { ApiError, messageOf } from './client';

/** Asking again and again: no more often than is of use, and for as long as somebody looks. */

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** Browsers' timers hold no more than some weeks. */
const longestTimerMs = 86_400_000;

/**
 * Calls `ask` at once and then as many milliseconds after each answer as it says; null: that was the last. What fails is told to
 * `failed` and tried again, less and less often. While the page is hidden nothing is asked; shown again, or on line again, it
 * asks at once. Answers how to end it.
 */
export function poll(
  ask: (signal: AbortSignal) => Promise<number | null>,
  failed: (error: unknown) => void,
): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  let timer = 0;
  let failures = 0;
  /** Asked now, or never again. */
  let isIdle = false;

  const round = async (): Promise<void> => {
    window.clearTimeout(timer);
    isIdle = false;
    const wait = await attempt();
    if (wait === null || signal.aborted) return;
    isIdle = true;
    timer = window.setTimeout(onlyIfSeen, Math.min(wait, longestTimerMs));
  };
  const attempt = async (): Promise<number | null> => {
    try {
      const wait = await ask(signal);
      failures = 0;
      return wait;
    } catch (error) {
      if (signal.aborted) return null;
      failures++;
      failed(error);
      return isFinal(error) ? null : waitAfter(failures, error);
    }
  };
  const onlyIfSeen = (): void => {
    if (isIdle && !document.hidden) void round();
  };
  document.addEventListener('visibilitychange', onlyIfSeen, { signal });
  window.addEventListener('online', onlyIfSeen, { signal });
  void round();
  return () => {
    gone.abort();
    window.clearTimeout(timer);
  };
}

/** The API itself says that there is no such thing, or that the key is none; a gateway's 404 is no answer of its. */
export function isFinal(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.code === 'not_found');
}

/** Twice as long after each failure, and not all pages at the same moment; never sooner than the API asked for. */
export function waitAfter(failures: number, error: unknown): number {
  const most = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
  const asked = error instanceof ApiError ? error.retryAfterMs : 0;
  return Math.max(asked, most * (0.5 + Math.random() / 2));
}

/** What went wrong with what is asked again. */
export function problemOf(error: unknown): string {
  return isFinal(error) ? messageOf(error) : `${messageOf(error)} ${text.error.triesAgain}`;
}
