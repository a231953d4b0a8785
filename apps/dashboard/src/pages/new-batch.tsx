import { useEffect, useRef } from 'react';
import { amountOf } from '../catalogue/amount';
import { useDesk } from '../catalogue/desk';
import { changed, forFile, newDraft, styled, type Fields } from '../catalogue/draft';
import { lookAt, withTerms } from '../catalogue/look';
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
  const rows = useRef<HTMLElement>(null);
  const isSeen = useRef(false);

  const see = (): void =>
    action.run('see', async () => {
      if (!source) return;
      change((before) => ({ ...before, look: null }));
      const seen = await lookAt(client, source, draft);
      isSeen.current = true;
      change((before) => ({ ...before, look: withTerms(seen, before.draft) }));
    });

  // Not when the page is come back to.
  useEffect(() => {
    if (look && isSeen.current) rows.current?.scrollIntoView();
    isSeen.current = false;
  }, [look]);

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
    change((before) => {
      if (!before.source) return before;
      const next = changed(before.draft, field, value, before.source);
      return { ...before, draft: next, look: before.look && withTerms(before.look, next) };
    });

  const startOver = (): void =>
    change((before) => (before.source ? { ...before, draft: forFile(newDraft, before.source), look: null } : before));

  // An answer that comes late is of the file and template that were there when it was asked for.
  const fresh = look !== null && look.source === source && look.draft === draft && upload === null;
  const stale = fresh ? null : (amountOf(draft.fields.maxCost).fault ?? preview.stale);
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
          {draft.kept && (
            <p className="together">
              <span className="quiet">{text.catalogue.template.kept}</span>
              <button type="button" className="plain" onClick={startOver}>
                {text.catalogue.template.startOver}
              </button>
            </p>
          )}
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
          <section ref={rows}>
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
                <StartBox look={look} stale={stale} busy={action.busy} start={start} />
              </>
            )}
          </section>
        </form>
      )}
    </>
  );
}
