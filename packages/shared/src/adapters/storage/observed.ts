import type { StorageMetrics } from '../../observability/storage-metrics.js';
import { inSpan, spanKind } from '../../observability/tracing.js';
import { StorageError, type Storage } from '../../ports/storage.js';

/** A store whose requests are timed, counted where they fail, and stand in traces. What it does is the inner store's. */
export function observed(inner: Storage, { storageSeconds, storageFailures }: StorageMetrics): Storage {
  const watch = async <T>(operation: string, key: string, work: () => Promise<T>): Promise<T> => {
    const end = storageSeconds.startTimer({ operation });
    const attributes = { 'rendermill.storage.operation': operation, 'rendermill.storage.key': key };
    try {
      return await inSpan(`storage ${operation}`, { kind: spanKind.client, attributes }, work);
    } catch (error) {
      if (error instanceof StorageError) storageFailures.inc({ operation, fault: error.fault });
      throw error;
    } finally {
      end();
    }
  };
  return {
    place: inner.place,
    putOnce: async (key, file, facts, bytes) =>
      watch('put_once', key, async () => inner.putOnce(key, file, facts, bytes)),
    put: async (key, body, contentType) => watch('put', key, async () => inner.put(key, body, contentType)),
    head: async (key) => watch('head', key, async () => inner.head(key)),
    get: async (key, range) => watch('get', key, async () => inner.get(key, range)),
    list: (prefix) => inner.list(prefix),
    delete: async (key) => watch('delete', key, async () => inner.delete(key)),
    presign: async (key, options) => inner.presign(key, options),
    check: async () => inner.check(),
    close: async () => inner.close(),
  };
}
