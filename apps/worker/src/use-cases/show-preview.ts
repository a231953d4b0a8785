import { readFile } from 'node:fs/promises';
import type { SpooledFile } from '@rendermill/shared/adapters/spool/spool';
import type { Job } from '@rendermill/shared/domain/job';
import type { WorkerDeps } from '../deps.js';
import type { StreamedEvent } from '../providers/event-reader.js';

/** Larger ones are left out: a preview is a courtesy, and passes through memory. */
const maxPreviewBytes = 4 * 1024 * 1024;

/**
 * Hands a preview to whoever streams the job at this moment, through Redis' pub/sub: neither its log nor its memory
 * keeps it, and nobody pays for it again where nobody listens. What goes wrong with it is told, and harms no picture.
 */
export async function showPreview(deps: WorkerDeps, job: Job, event: StreamedEvent, blob: SpooledFile): Promise<void> {
  try {
    const { b64_json: _marker, type: _type, ...facts } = event;
    if (blob.bytes <= maxPreviewBytes) {
      const bytes = deps.spool.recent(blob.file) ?? (await readFile(deps.spool.path(blob.file)));
      await deps.signals.preview(job.id, { ...facts, b64_json: bytes.toString('base64') });
    }
    await deps.spool.discard(blob.file);
  } catch (error) {
    deps.log.warn({ error, job: job.id }, 'preview.not_shown');
  }
}
