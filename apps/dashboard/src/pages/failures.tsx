import { useEffect, useRef, useState } from 'react';
import type { Batch, FailureGroup } from '../api/types';
import { count } from '../format';
import { cannotHelp } from '../no-retry';
import { Empty, Loading, Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { paths, useParameter } from '../router';
import { useMay } from '../session';
import { text } from '../text';
import { countOf, useFailures } from '../use-failures';
import type { Retry } from '../use-retry';
import { costWords, RetryButton } from './retry-button';

/** What failed, by reason; each group is retried as one. */
export function Failures({ batch, retry }: { readonly batch: Batch; readonly retry: Retry }) {
  const { groups, isCounting, problem, again } = useFailures(batch);
  const { failed, cancelled } = batch.request_counts;
  const total = failed + cancelled;
  const counted = groups ? countOf(groups) : 0;
  const isWhole = counted >= total && !isCounting;
  const shown = useWithoutQueued(batch, groups, retry);
  const part = [count(counted), total] as const;
  return (
    <div className="groups">
      <Problem message={problem} again={again} />
      {!groups && !problem && <Loading />}
      {groups?.length === 0 && !isCounting && (
        <Empty>
          <p>{text.failures.none}</p>
        </Empty>
      )}
      {groups && counted < total && (
        <p className="quiet" role="status">
          {isCounting ? text.failures.counting(...part) : text.failures.some(...part)}
        </p>
      )}
      {shown && isOver(batch) && isWhole && shown.length > 1 && !shown.every(({ code }) => cannotHelp(code)) && (
        <div className="actions">
          <RetryButton
            batch={batch}
            code={null}
            lines={total}
            words={text.batch.retryAll(total, costWords(batch, total))}
            retry={retry}
          />
        </div>
      )}
      {shown?.map((group) => (
        <Group key={group.code} batch={batch} group={group} total={total} isWhole={isWhole} retry={retry} />
      ))}
    </div>
  );
}

/**
 * Lines that wait again are read as failed until the batch has come to them: their group is shown once fewer of them
 * are, or the batch has ended.
 */
function useWithoutQueued(
  batch: Batch,
  groups: readonly FailureGroup[] | null,
  retry: Retry,
): readonly FailureGroup[] | null {
  const [ended, setEnded] = useState<readonly FailureGroup[]>([]);
  const over = isOver(batch);
  useEffect(() => {
    if (over && groups) setEnded(groups);
  }, [over, groups]);
  if (!groups) return null;
  const before = new Map(ended.map(({ code, count: lines }) => [code, lines]));
  return groups.filter((group) => !retry.isQueued(group.code) || group.count < (before.get(group.code) ?? 0));
}

interface GroupProps {
  readonly batch: Batch;
  readonly group: FailureGroup;
  readonly total: number;
  /** All that failed is counted. */
  readonly isWhole: boolean;
  readonly retry: Retry;
}

function Group({ batch, group, total, isWhole, retry }: GroupProps) {
  const may = useMay();
  const words = text.failures;
  const advice = words.advice[group.code];
  const hopeless = cannotHelp(group.code);
  const again = isWhole ? words.retry(group.count, costWords(batch, group.count)) : words.retryThese;
  return (
    <article className="group">
      <div className="title">
        <div>
          <h3>
            <code>{group.code}</code> <span className="quiet">{words.lines(group.count)}</span>
          </h3>
          <div className="bar" aria-hidden="true">
            <i className="failed" style={{ width: `${(group.count / Math.max(total, group.count)) * 100}%` }} />
          </div>
          <p>{advice ?? group.message}</p>
          {advice !== undefined && <p className="quiet">{group.message}</p>}
        </div>
        {may('batches') && (
          <div className="actions">
            {isOver(batch) ? (
              <RetryButton
                batch={batch}
                code={group.code}
                lines={isWhole ? group.count : null}
                words={hopeless ? words.anyway : again}
                question={hopeless ? words.anywaySure : ''}
                kind={hopeless ? 'plain' : ''}
                retry={retry}
              />
            ) : (
              <p className="quiet">{words.later}</p>
            )}
          </div>
        )}
      </div>
      {group.lines.length > 0 && <Lines group={group} />}
    </article>
  );
}

/** Lines that are listed of a group. */
const listed = 100;

/** The first of them; opened where one of them was come back from. */
function Lines({ group }: { readonly group: FailureGroup }) {
  const words = text.failures;
  const [at, setAt] = useParameter('line');
  const lines = group.lines.slice(0, listed);
  const here = lines.some(({ line }) => String(line) === at);
  const rest = group.count - lines.length;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (here) list.current?.querySelector<HTMLElement>('[aria-current]')?.focus();
    // Where one comes to the page, not where a line is chosen on it.
  }, []);
  return (
    <details open={here}>
      <summary>{words.show}</summary>
      <ul className="lines" ref={list}>
        {lines.map(({ line, job_id, custom_id }) => (
          <li key={job_id}>
            <a
              href={paths.job(job_id)}
              // Before it leads away: the way back is to this line.
              onClick={() => setAt(String(line))}
              aria-current={String(line) === at ? 'true' : undefined}
            >
              {custom_id ?? text.gallery.line(count(line))}
            </a>{' '}
            <span className="quiet">{text.gallery.line(count(line))}</span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p className="quiet">{words.andMore(count(rest))}</p>}
    </details>
  );
}
