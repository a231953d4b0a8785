import { RendermillError } from '../domain/errors.js';

/** A file that cannot be used as a catalogue; the message says what to do. */
export function csvError(message: string, param: string | null = null): RendermillError {
  return new RendermillError('invalid_csv', message, { param });
}
