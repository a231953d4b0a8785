import { asError } from '@rendermill/shared/domain/errors';
import { duration, type Say } from './say.js';
import { startStack, type Stack, type StackOptions } from './stack.js';
import { welcome } from './welcome.js';

// npm passes a terminal's Ctrl-C on to a program that has got it already: one key, two signals in a millisecond.
const sameKeyMs = 500;

/**
 * Runs a stack until SIGINT, SIGTERM or SIGHUP and returns the exit code: 0 after an orderly end, 130 where a second
 * signal cut it short.
 */
export async function serve(options: Omit<StackOptions, 'signal'>): Promise<number> {
  const { log } = options;
  const began = Date.now();
  const asked = new AbortController();
  let stack: Stack | undefined;
  let askedAt = 0;
  let forced = false;
  const onSignal = () => {
    if (!asked.signal.aborted) {
      askedAt = Date.now();
      log('Stopping …');
      asked.abort();
    } else if (stack !== undefined && !forced && Date.now() - askedAt > sameKeyMs) {
      forced = true;
      log('Stopping at once: calls in flight are given up.');
      stack.kill();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    stack = await startStack({ ...options, signal: asked.signal });
    if (!asked.signal.aborted) {
      log(welcome(stack, options.env, duration(Date.now() - began)));
      await aborted(asked.signal);
    }
    await stack.stop();
    log('Stopped. Everything is kept for the next start.');
    return forced ? 130 : 0;
  } catch (error) {
    if (!asked.signal.aborted) throw error;
    log('Stopped before it was ready.');
    return 0;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Tells a failed start: what is meant for people as it stands, a fault of ours with its stack. */
export function sayFailure(error: unknown, say: Say): void {
  const fault = asError(error);
  const ours = [TypeError, RangeError, ReferenceError].some((kind) => fault instanceof kind);
  say(ours ? (fault.stack ?? fault.message) : fault.message);
}
