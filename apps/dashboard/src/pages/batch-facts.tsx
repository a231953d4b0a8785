import type { Batch } from '../api/types';
import { count, duration, usd } from '../format';
import { Fact } from '../parts/notice';
import { Progress } from '../parts/progress';
import { howFar, isOver, isSorting } from '../parts/status';
import { text } from '../text';

/** Where a batch stands: how far, how long, how much, and what holds it back. */
export function BatchFacts({ batch }: { readonly batch: Batch }) {
  const { total, completed, failed, cancelled } = batch.request_counts;
  const { facts, counts, bound } = text.batch;
  const { cost } = batch;
  const over = isOver(batch);
  const toDo = total - completed - failed - cancelled;
  const parts = [
    ['done', counts.completed, completed],
    ['failed', counts.failed, failed],
    ['left', counts.cancelled, cancelled],
    // “0 to do” would be said of lines that wait again.
    ...(isSorting(batch) ? [] : [['rest', counts.rest, toDo] as const]),
  ] as const;
  return (
    <section className="standing">
      <p className="large">{howFar(batch)}</p>
      <Progress batch={batch} label={text.batches.columns.progress} />
      <ul className="legend">
        {parts.map(([kind, words, lines]) => (
          <li key={kind} data-kind={lines > 0 ? kind : undefined}>
            <b>{count(lines)}</b> {words}
          </li>
        ))}
      </ul>
      <dl className="facts">
        <Fact name={facts.lines}>{count(total)}</Fact>
        {!over && (
          <Fact name={facts.left}>
            {batch.eta_seconds === null || isSorting(batch) ? text.unknown : duration(batch.eta_seconds)}
          </Fact>
        )}
        {!over && <Fact name={facts.bound}>{batch.bound_by === null ? facts.nothing : bound[batch.bound_by]}</Fact>}
        <Fact name={over ? facts.costOver : facts.cost}>
          {usd(cost.actual)}
          {!over && cost.estimated !== null && (
            <small>
              {facts.forecast} {usd(cost.estimated)}
            </small>
          )}
          {batch.max_cost !== null && (
            <small>
              {facts.cap} {usd(batch.max_cost)}
            </small>
          )}
        </Fact>
        {cost.possibly_billed_twice.attempts > 0 && (
          <Fact name={facts.twice}>
            {facts.twiceText(cost.possibly_billed_twice.attempts, usd(cost.possibly_billed_twice.cost))}
          </Fact>
        )}
        {batch.model && <Fact name={facts.model}>{batch.model}</Fact>}
      </dl>
    </section>
  );
}
