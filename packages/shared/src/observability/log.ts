import { pino, type DestinationStream, type Logger } from 'pino';
import { traceId } from './tracing.js';

export type { Logger } from 'pino';

/** URLs reach errors in many ways; what stands behind their `?` or before their `@` may be a secret. */
export function scrubUrls(text: string): string {
  return text.replaceAll(
    /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/"']*@)?([^\s?#"']*)(?:[?#][^\s"']*)?/gi,
    (whole, scheme: string, rest: string) =>
      whole.includes('?') || whole.includes('#') || whole.includes('@') ? `${scheme}${rest}` : whole,
  );
}

interface LoggedError {
  readonly name: string;
  readonly message: string;
  readonly code: unknown;
  readonly stack: string | undefined;
  readonly cause?: LoggedError;
}

/** An error for the log: with its causes, without secrets. */
function serializeError(error: unknown): LoggedError | string {
  if (!(error instanceof Error)) return scrubUrls(String(error));
  return {
    name: error.name,
    message: scrubUrls(error.message),
    code: (error as { code?: unknown }).code,
    stack: error.stack === undefined ? undefined : scrubUrls(error.stack),
    ...(error.cause instanceof Error ? { cause: serializeError(error.cause) as LoggedError } : {}),
  };
}

/** JSON lines on stdout. One wide line per unit of work, named by what happened: `job.finished`, `delivery.attempted`. */
export function createLogger(level: string, app: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: { app },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'event',
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: serializeError },
    mixin: () => {
      const trace_id = traceId();
      return trace_id === undefined ? {} : { trace_id };
    },
  };
  return pino(options, destination);
}
