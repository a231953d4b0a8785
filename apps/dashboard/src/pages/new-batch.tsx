import { useDesk } from '../catalogue/desk';
import { changed, styled, type Fields } from '../catalogue/draft';
import { lookAt } from '../catalogue/look';
import { takeFile } from '../catalogue/take-file';
import type { Batch } from '../api/types';
import { Problem, Title } from '../parts/notice';
import { go, paths } from '../router';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { FileDrop } from './file-drop';
import { LinesForm } from './lines-form';
import { PreviewTable } from './preview-table';
import { StartBox } from './start-box';
import { TemplateForm } from './template-form';

/** A catalogue becomes a batch: file, template, a look at rows and price, go. */
export function NewBatch() {
  const { client, me } = useSession();
  const [desk, change] = useDesk(me.id);
  const action = useAction();
  const { source, draft, look, upload } = desk;
  const { preview } = text.catalogue;

  const see = (): void =>
    action.run('see', async () => {
      if (!source) return;
      change((before) => ({ ...before, look: null }));
      const seen = await lookAt(client, source, draft);
      change((before) => ({ ...before, look: seen }));
    });

  const start = (): void =>
    action.run('start', async () => {
      if (!look) return;
      const headers = { 'idempotency-key': look.idempotencyKey };
      const batch = await client.post<Batch>('/v1/batches', look.body, headers);
      // The template stays for the next file; this one is bought.
      change((before) => (before.look === look ? { ...before, source: null, look: null } : before));
      go(paths.batch(batch.id));
    });

  const set = (field: keyof Fields) => (value: string) =>
    change((before) =>
      before.source ? { ...before, draft: changed(before.draft, field, value, before.source) } : before,
    );

  // An answer that comes late is of the file and template that were there when it was asked for.
  const fresh = look !== null && look.source === source && look.draft === draft && upload === null;
  return (
    <>
      <Title name={text.catalogue.title} lead={text.catalogue.lead} />
      <FileDrop
        source={source}
        upload={upload}
        take={(file) => void takeFile(client, change, file)}
        refuse={(problem) => change((before) => ({ ...before, problem }))}
      />
      <Problem message={desk.problem} />
      {source && (
        <form
          onSubmit={(event) => {
            // Enter looks; nothing but its own button starts.
            event.preventDefault();
            if (action.busy === null && upload === null) see();
          }}
        >
          {source.kind === 'csv' ? (
            <TemplateForm
              source={source}
              draft={draft}
              set={set}
              choose={(style) =>
                change((before) =>
                  before.source ? { ...before, draft: styled(before.draft, style, before.source) } : before,
                )
              }
            />
          ) : (
            <LinesForm fields={draft.fields} set={set} />
          )}
          <section>
            <h2>{preview.title}</h2>
            <div className="together">
              <button type="submit" className={fresh ? '' : 'main'} disabled={action.busy !== null || upload !== null}>
                {action.busy === 'see' ? preview.checking : preview.button}
              </button>
            </div>
            <Problem message={action.problem} />
            {look && (
              <>
                <PreviewTable look={look} />
                <StartBox look={look} fresh={fresh} busy={action.busy} start={start} />
              </>
            )}
          </section>
        </form>
      )}
    </>
  );
}
