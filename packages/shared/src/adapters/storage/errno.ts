import { StorageError } from '../../ports/storage.js';

/** The code of a system error, `ENOENT` for example, or null for any other error. */
export function errnoOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/** For `catch`: one system error is as good as success. */
export function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (errnoOf(error) !== code) throw error;
  };
}

// A person must look: rights, a file where a folder should be, a store that is not there (an unmounted disk).
const denied = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);

/** What a failure of the directory means to a caller of the port. Errors that are no system's are bugs and stay. */
export function directoryError(place: string, doing: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (error instanceof StorageError || code === null || !/^E[A-Z0-9]+$/.test(code)) return error;
  const hint = code === 'ENOENT' ? ': is the directory still there?' : '';
  return new StorageError(
    denied.has(code) ? 'denied' : 'unavailable',
    `${place}: could not ${doing} (${code})${hint}`,
    error,
  );
}
