import { useState } from 'react';
import type { Batch, List } from '../api/types';
import { count, duration, percent, usd, when } from '../format';
import { Empty, Loading, Problem } from '../parts/notice';
import { Progress } from '../parts/progress';
import { BatchState } from '../parts/status';
import { paths } from '../router';
import { text } from '../text';
import { useAsk } from '../use-ask';

const pageSize = 25;

/** The latest batches, kept fresh; older ones are added to the list on demand. */
export function Batches() {
  const [limit, setLimit] = useState(pageSize);
  const { data, problem, again } = useAsk<List<Batch>>(`/v1/batches?limit=${limit}`, 2_000);
  const [shown, setShown] = useState(data);
  // A longer list takes a moment: the shorter one stays meanwhile.
  if (data && data !== shown) setShown(data);
  const batches = data ?? shown;
  return (
    <>
      <div className="title">
        <h1>{text.batches.title}</h1>
        {batches && batches.data.length > 0 && (
          <a className="button main" href={paths.new}>
            {text.nav.new}
          </a>
        )}
      </div>
      <Problem message={problem} again={again} />
      {!batches && !problem && <Loading />}
      {batches?.data.length === 0 && (
        <Empty title={text.batches.emptyTitle}>
          <p>{text.batches.empty}</p>
          <a className="button main" href={paths.new}>
            {text.batches.first}
          </a>
        </Empty>
      )}
      {batches && batches.data.length > 0 && (
        <ul className="batches">
          {batches.data.map((batch) => (
            <Row key={batch.id} batch={batch} />
          ))}
        </ul>
      )}
      {batches?.has_more && limit < 100 && (
        <button type="button" onClick={() => setLimit(100)}>
          {text.more}
        </button>
      )}
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
            {percent(batch.progress)} · {count(completed)} / {count(total)}
            {failed > 0 && (
              <em>
                {' '}
                {count(failed)} {text.batch.counts.failed}
              </em>
            )}
          </span>
          {batch.eta_seconds !== null && (
            <span>
              {columns.left} {duration(batch.eta_seconds)}
            </span>
          )}
          {batch.bound_by && (
            <span>
              {text.batch.facts.bound} {text.batch.bound[batch.bound_by] ?? batch.bound_by}
            </span>
          )}
          <span>
            {columns.cost} {usd(batch.cost.actual)}
          </span>
          <span>{when(batch.created_at)}</span>
        </span>
      </a>
    </li>
  );
}
