import { messageOf, type Client } from '../api/client';
import type { ChangeDesk, Desk } from './desk';
import { forFile } from './draft';
import { headOf } from './head';
import { kindOf } from './kind';
import type { Source } from './source';

/** A file is looked at, uploaded and laid on the desk; until then nothing that was looked at before can be started. */
export async function takeFile(client: Client, change: ChangeDesk, file: File): Promise<void> {
  const abort = new AbortController();
  /** Unless it was taken off meanwhile. */
  const changeMine = (next: (before: Desk) => Desk): void =>
    change((before) => (before.upload?.abort === abort ? next(before) : before));
  const upload = { name: file.name, size: file.size, sent: 0, abort };
  change((before) => {
    // The file that is dropped last is meant.
    before.upload?.abort.abort();
    return { ...before, look: null, problem: null, upload };
  });
  try {
    const head = await headOf(file);
    const kind = kindOf(file, head);
    const form = new FormData();
    form.set('purpose', 'batch');
    // By its name alone JSONL that is called .csv would be a catalogue without a template.
    form.set('file', file, kind === 'jsonl' ? file.name.replace(/\.(csv|tsv)$/i, '.jsonl') : file.name);
    const { id } = await client.upload<{ id: string }>('/v1/files', form, {
      signal: abort.signal,
      progress: (sent) => changeMine((before) => ({ ...before, upload: { ...upload, sent } })),
    });
    const source: Source = { kind, fileId: id, name: file.name, size: file.size, head };
    changeMine((before) => ({ ...before, source, draft: forFile(before.draft, source), upload: null }));
  } catch (error) {
    const problem = abort.signal.aborted ? null : messageOf(error);
    changeMine((before) => ({ ...before, upload: null, problem }));
  }
}
