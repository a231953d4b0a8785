import { useState } from 'react';
import type { Batch } from '../api/types';
import { count } from '../format';
import { Loading, Problem } from '../parts/notice';
import { BatchState, isOver } from '../parts/status';
import { paths } from '../router';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { BatchActions } from './batch-actions';
import { BatchFacts } from './batch-facts';
import { nameOf } from './batches';
import { Failures } from './failures';
import { Gallery } from './gallery';
import { Results } from './results';

/** One batch, live: where it stands, what can be done, its pictures and its failures. */
export function BatchPage({ id }: { readonly id: string }) {
  const { data: batch, problem, again } = useAsk<Batch>(`/v1/batches/${id}`, 1_500, (now) => !isOver(now));
  return (
    <>
      <p className="crumb">
        <a href={paths.batches}>{text.batch.back}</a>
      </p>
      {!batch && !problem && <Loading />}
      <Problem message={problem} again={again} />
      {batch && (
        <>
          <div className="title">
            <div>
              <h1>{nameOf(batch)}</h1>
              <p className="quiet">
                <BatchState batch={batch} /> <code>{batch.id}</code>
              </p>
            </div>
            <BatchActions batch={batch} changed={again} />
          </div>
          <Refusal batch={batch} />
          <BatchFacts batch={batch} />
          <Results batch={batch} />
          <Views batch={batch} changed={again} />
        </>
      )}
    </>
  );
}

const refusalsShown = 20;

function Refusal({ batch: { errors } }: { readonly batch: Batch }) {
  if (!errors) return null;
  const shown = errors.data.slice(0, refusalsShown);
  const more = errors.data.length - shown.length;
  return (
    <section className="problem" role="alert">
      <div>
        <h2>{text.batch.refusedTitle}</h2>
        <ul>
          {shown.map(({ line, message }) => (
            <li key={`${line}-${message}`}>
              {line !== null && text.batch.refusedLine(count(line))}
              {message}
            </li>
          ))}
        </ul>
        {more > 0 && <p>{text.batch.refusedMore(more)}</p>}
      </div>
    </section>
  );
}

function Views({ batch, changed }: { readonly batch: Batch; readonly changed: () => void }) {
  const [view, setView] = useState<'gallery' | 'failures'>('gallery');
  if (batch.request_counts.total === 0) return null;
  const { failed, cancelled } = batch.request_counts;
  const choice = (name: typeof view, words: string) => (
    <button type="button" aria-pressed={view === name} onClick={() => setView(name)}>
      {words}
    </button>
  );
  return (
    <section>
      <div className="choices" role="group" aria-label={text.batch.tabs}>
        {choice('gallery', text.batch.gallery)}
        {choice('failures', `${text.batch.failures} (${count(failed + cancelled)})`)}
      </div>
      {view === 'gallery' ? (
        <Gallery key={batch.generation} batch={batch} />
      ) : (
        <Failures batch={batch} changed={changed} />
      )}
    </section>
  );
}
