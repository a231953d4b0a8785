import { useState } from 'react';
import { columnsOf } from '../catalogue/head';
import { bodyOf, firstDraft, newIdempotencyKey, type Draft } from '../catalogue/template';
import { ApiError, type Client } from '../api/client';
import type { Batch, Estimate, Preview } from '../api/types';
import { Problem } from '../parts/notice';
import { go, paths } from '../router';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { FileDrop } from './file-drop';
import { PreviewTable } from './preview-table';
import { TemplateForm } from './template-form';

interface Source {
  readonly file: File;
  readonly fileId: string;
  readonly columns: readonly string[];
}

/** What was looked at last: exactly this is what starts. */
interface Look {
  readonly draft: Draft;
  readonly body: Record<string, unknown>;
  readonly idempotencyKey: string;
  readonly preview: Preview;
  readonly estimate: Estimate | null;
  /** Why there is no price though there are rows to buy. */
  readonly unpriced: string | null;
}

/** The price, or why none is known: who knows what it costs may start all the same. */
async function priceOf(client: Client, body: unknown): Promise<Estimate | string> {
  try {
    return await client.post<Estimate>('/v1/estimates', body);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'price_unknown') return error.message;
    throw error;
  }
}

/** Why rows have no price that could be bought all the same; null where they could not. */
function unknownPrice({ data }: Preview): string | null {
  return data.find(({ error }) => error?.code === 'price_unknown')?.error?.message ?? null;
}

/** A catalogue becomes a batch: file, template, a look at rows and price, go. */
export function NewBatch() {
  const { client } = useSession();
  const [source, setSource] = useState<Source | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [look, setLook] = useState<Look | null>(null);
  const upload = useAction();
  const action = useAction();

  const take = (file: File): void =>
    upload.run('upload', async () => {
      if (file.size === 0) throw new Error(text.catalogue.file.empty);
      const columns = await columnsOf(file, draft?.encoding ?? '');
      const form = new FormData();
      form.set('purpose', 'batch');
      form.set('file', file);
      const { id } = await client.upload<{ id: string }>('/v1/files', form);
      // A mended file comes back to the template that was written for it.
      const same = source !== null && source.columns.join('\n') === columns.join('\n');
      setSource({ file, fileId: id, columns });
      setLook(null);
      if (!same || draft === null) setDraft(firstDraft(file.name.replace(/\.\w+$/, ''), columns));
    });

  const see = (): void =>
    action.run('see', async () => {
      if (!source || !draft) return;
      setLook(null);
      const body = bodyOf(source.fileId, draft);
      const preview = await client.post<Preview>('/v1/batches/preview?limit=8', body);
      // Rows that all have a fault have no price: the faults say more than that there is none.
      const priced = preview.data.some(({ error }) => error === null);
      const price = priced ? await priceOf(client, body) : unknownPrice(preview);
      const [estimate, unpriced] = typeof price === 'string' ? [null, price] : [price, null];
      setLook({ draft, body, idempotencyKey: newIdempotencyKey(), preview, estimate, unpriced });
    });

  const start = (): void =>
    action.run('start', async () => {
      if (!look) return;
      // Asked for twice it is one batch.
      const headers = { 'idempotency-key': look.idempotencyKey };
      const batch = await client.post<Batch>('/v1/batches', look.body, headers);
      go(paths.batch(batch.id));
    });

  const change = (next: Draft): void => {
    setDraft(next);
    if (!source || next.encoding === draft?.encoding) return;
    // Names of columns that were read in another encoding are none.
    upload.run('columns', async () => setSource({ ...source, columns: await columnsOf(source.file, next.encoding) }));
  };

  const fresh = look !== null && look.draft === draft;
  const { preview } = text.catalogue;
  return (
    <>
      <div className="title">
        <div>
          <h1>{text.catalogue.title}</h1>
          <p className="lead">{text.catalogue.lead}</p>
        </div>
      </div>
      <FileDrop
        file={source?.file ?? null}
        columns={source?.columns.length ?? 0}
        busy={upload.busy !== null}
        take={take}
      />
      <Problem message={upload.problem} />
      {source && draft && (
        <>
          <TemplateForm draft={draft} columns={source.columns} change={change} />
          <section>
            <h2>{preview.title}</h2>
            <div className="together">
              <button type="button" className={fresh ? '' : 'main'} disabled={action.busy !== null} onClick={see}>
                {action.busy === 'see' ? preview.checking : preview.button}
              </button>
              {look && !fresh && <span className="quiet">{preview.stale}</span>}
            </div>
            <Problem message={action.problem} />
            {look && (
              <>
                <Problem message={look.unpriced} />
                <PreviewTable preview={look.preview} estimate={look.estimate} />
                <button
                  type="button"
                  className="main large"
                  disabled={!fresh || action.busy !== null || (!look.estimate && look.unpriced === null)}
                  onClick={start}
                >
                  {action.busy === 'start'
                    ? preview.starting
                    : look.unpriced === null
                      ? preview.start
                      : preview.startUnpriced}
                </button>
              </>
            )}
          </section>
        </>
      )}
    </>
  );
}
