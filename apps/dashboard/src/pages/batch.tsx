import type { Batch } from '../api/types';
import { count } from '../format';
import { Loading, Problem, Title } from '../parts/notice';
import { BatchState, isOver } from '../parts/status';
import { paths, setParameters, useParameter, useWayBack } from '../router';
import { useMay } from '../session';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { useRetry, type Retry } from '../use-retry';
import { BatchActions } from './batch-actions';
import { BatchFacts } from './batch-facts';
import { nameOf } from './batches';
import { Failures } from './failures';
import { Gallery } from './gallery';
import { Results } from './results';

/** One batch, live: where it stands, what can be done, its pictures and its failures. */
export function BatchPage({ id }: { readonly id: string }) {
  const { data: batch, problem, again } = useAsk<Batch>(`/v1/batches/${id}`, (now) => (isOver(now) ? null : 1_500));
  const retry = useRetry(batch, () => {
    // What is drawn anew then does not jump to a line that was looked at before.
    setParameters({ place: null, line: null });
    again();
  });
  const may = useMay();
  useWayBack(id);
  return (
    <>
      <p className="crumb">
        <a href={paths.batches}>{text.batch.back}</a>
      </p>
      {!batch && !problem && <Loading />}
      <Problem message={problem} again={again} />
      {batch && (
        <>
          <Title
            name={nameOf(batch)}
            state={
              <>
                <BatchState batch={batch} /> <code>{batch.id}</code>
              </>
            }
          >
            {may('batches') && <BatchActions batch={batch} changed={again} retry={retry} />}
          </Title>
          <Refusal batch={batch} />
          <BatchFacts batch={batch} />
          <Results batch={batch} />
          <Views batch={batch} retry={retry} />
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

function Views({ batch, retry }: { readonly batch: Batch; readonly retry: Retry }) {
  const [view] = useParameter('view');
  if (batch.request_counts.total === 0) return null;
  const { failed, cancelled } = batch.request_counts;
  const failures = view === 'failures';
  const fallen = [
    ...(failed > 0 || cancelled === 0 ? [`${text.batch.failures} (${count(failed)})`] : []),
    ...(cancelled > 0 ? [`${text.batch.stopped} (${count(cancelled)})`] : []),
  ];
  const choice = (pressed: boolean, name: string | null, words: string) => (
    // A place and a filter are those of the other view.
    <button
      type="button"
      aria-pressed={pressed}
      onClick={() => setParameters({ view: name, status: null, place: null, line: null })}
    >
      {words}
    </button>
  );
  return (
    <section>
      <div className="choices" role="group" aria-label={text.batch.tabs}>
        {choice(!failures, null, text.batch.gallery)}
        {choice(failures, 'failures', fallen.join(' · '))}
      </div>
      {failures ? <Failures batch={batch} retry={retry} /> : <Gallery key={batch.generation} batch={batch} />}
    </section>
  );
}
