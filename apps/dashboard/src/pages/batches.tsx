import type { Batch, List } from '../api/types';
import { count, duration, usd, when } from '../format';
import { Empty, Loading, Problem, Title } from '../parts/notice';
import { Pager, usePaging } from '../parts/pager';
import { Progress } from '../parts/progress';
import { BatchState, howFar, isOver, isSorting, isStopped } from '../parts/status';
import { paths } from '../router';
import { useMay } from '../session';
import { text } from '../text';
import { useAsk } from '../use-ask';

/** Seldom where nothing runs: others may submit one. */
const everyOf = ({ data }: List<Batch>): number => (data.every(isOver) ? 15_000 : 2_000);

/** Batches, the latest first, kept fresh. */
export function Batches() {
  const paging = usePaging();
  const { data, problem, again } = useAsk<List<Batch>>(`/v1/batches?limit=25${paging.after}`, everyOf);
  const may = useMay();
  const isEmpty = data?.data.length === 0 && paging.number === 1;
  const mayAdd = may('batches') && may('files');
  const add = (words: string) =>
    mayAdd && (
      <a className="button main" href={paths.new}>
        {words}
      </a>
    );
  return (
    <>
      <Title name={text.batches.title}>{data && !isEmpty && add(text.nav.new)}</Title>
      <Problem message={problem} again={again} />
      {!data && !problem && <Loading />}
      {isEmpty && (
        <Empty title={text.batches.emptyTitle}>
          {mayAdd && <p>{text.batches.empty}</p>}
          {mayAdd && (
            <ol className="steps">
              {text.batches.steps.map(([step, words]) => (
                <li key={step}>
                  <strong>{step}</strong>
                  <p>{words}</p>
                </li>
              ))}
            </ol>
          )}
          {add(text.batches.first)}
        </Empty>
      )}
      <ul className="rows-of-links">
        {data?.data.map((batch) => (
          <Row key={batch.id} batch={batch} />
        ))}
      </ul>
      <Pager paging={paging} list={data} />
    </>
  );
}

export const nameOf = ({ metadata, created_at }: Batch): string =>
  metadata?.['name'] ?? `${text.batch.untitled} ${when(created_at)}`;

function Row({ batch }: { readonly batch: Batch }) {
  const { total, completed, failed } = batch.request_counts;
  const { columns } = text.batches;
  return (
    <li>
      <a href={paths.batch(batch.id)}>
        <span className="name">
          <strong>{nameOf(batch)}</strong>
          <BatchState batch={batch} />
        </span>
        <Progress batch={batch} label={columns.progress} />
        <span className="figures">
          <span>
            {howFar(batch)}
            {!isStopped(batch) && ` · ${count(completed)} / ${count(total)}`}
            {failed > 0 && (
              <em>
                {' '}
                {count(failed)} {text.batch.counts.failed}
              </em>
            )}
          </span>
          {batch.eta_seconds !== null && !isSorting(batch) && (
            <span>
              {columns.left} {duration(batch.eta_seconds)}
            </span>
          )}
          {batch.bound_by && (
            <span>
              {text.batch.facts.bound} {text.batch.bound[batch.bound_by]}
            </span>
          )}
          <span>
            {isOver(batch) ? text.batch.facts.costOver : columns.cost} {usd(batch.cost.actual)}
          </span>
          <span>{when(batch.created_at)}</span>
        </span>
      </a>
    </li>
  );
}
