import { ConnectionError, RendermillError } from '@rendermill/client';
import { exitCodes, UsageError, type ExitCode } from './command.js';
import { Interrupted } from './stop.js';
import type { Terminal } from './terminal.js';

/** A file or folder that is not as it should be: no room (which names no path), no leave, no such place. */
const isOfFiles = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error;

/** What the API calls `csv.encoding` is an option here. */
const inOptions = (message: string): string => message.replaceAll(/\bcsv\.(encoding|delimiter)\b/g, '--$1');

/** What went wrong, with what to do, and how the process ends. What nobody expected is thrown on. */
export function explain(error: unknown, terminal: Terminal): ExitCode {
  if (isOfFiles(error) || error instanceof UsageError) {
    terminal.say(error.message);
    return exitCodes.usage;
  }
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof ConnectionError) {
    terminal.say(`${error.message} It is RENDERMILL_URL, or what 'rendermill login' kept.`);
    return exitCodes.unreachable;
  }
  if (error instanceof RendermillError) {
    const code = error.code === null ? '' : ` (${error.code}${error.requestId ? `, request ${error.requestId}` : ''})`;
    terminal.say(`${inOptions(error.message)}${error.status === 401 ? ' Check RENDERMILL_API_KEY.' : code}`);
    if (error.retryAfter !== null) terminal.say(`It may succeed in ${Math.ceil(error.retryAfter)} seconds.`);
    return exitCodes.failed;
  }
  throw error;
}

/** The same for a program that asked for JSON, on one line; null where somebody pressed Ctrl-C. */
export function asJson(error: unknown): string | null {
  if (!(error instanceof Error) || error instanceof Interrupted) return null;
  const { code, param, requestId } = error as Partial<RendermillError>;
  const facts = { message: error.message, code: code ?? null, param: param ?? null, request_id: requestId ?? null };
  return JSON.stringify({ error: facts });
}
