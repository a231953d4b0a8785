import type { Batch, FailureGroup } from '../api/types';
import { count } from '../format';
import { Empty, Loading, Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { paths } from '../router';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { countOf, useFailures } from '../use-failures';

/** What failed, by reason; each group is retried as one. */
export function Failures({ batch, changed }: { readonly batch: Batch; readonly changed: () => void }) {
  const { client } = useSession();
  const { groups, isCounting, problem, again } = useFailures(batch);
  const action = useAction();
  const { failed, cancelled } = batch.request_counts;
  const counted = groups ? countOf(groups) : 0;
  const retry = (code: string) => () =>
    action.run(code, async () => {
      await client.post(`/v1/batches/${batch.id}/retry`, { error_code: code });
      changed();
    });
  const part = [count(counted), failed + cancelled] as const;
  return (
    <div className="groups">
      <Problem message={problem} again={again} />
      <Problem message={action.problem} />
      {!groups && !problem && <Loading />}
      {groups?.length === 0 && !isCounting && (
        <Empty>
          <p>{text.failures.none}</p>
        </Empty>
      )}
      {groups && counted < failed + cancelled && (
        <p className="quiet" role="status">
          {isCounting ? text.failures.counting(...part) : text.failures.some(...part)}
        </p>
      )}
      {groups?.map((group) => (
        <Group
          key={group.code}
          group={group}
          total={failed + cancelled}
          canRetry={isOver(batch)}
          busy={action.busy !== null}
          retry={retry(group.code)}
        />
      ))}
    </div>
  );
}

interface GroupProps {
  readonly group: FailureGroup;
  readonly total: number;
  readonly canRetry: boolean;
  readonly busy: boolean;
  readonly retry: () => void;
}

function Group({ group, total, canRetry, busy, retry }: GroupProps) {
  const words = text.failures;
  const rest = group.count - group.lines.length;
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
          <p>{words.advice[group.code] ?? group.message}</p>
          {words.advice[group.code] !== undefined && <p className="quiet">{group.message}</p>}
        </div>
        <div className="actions">
          <button type="button" disabled={!canRetry || busy} onClick={retry} title={canRetry ? undefined : words.later}>
            {words.retry}
          </button>
        </div>
      </div>
      {group.lines.length > 0 && (
        <details>
          <summary>{words.show}</summary>
          <ul className="lines">
            {group.lines.slice(0, 100).map(({ line, job_id, custom_id }) => (
              <li key={job_id}>
                <a href={paths.job(job_id)}>{custom_id ?? text.gallery.line(count(line))}</a>{' '}
                <span className="quiet">{text.gallery.line(count(line))}</span>
              </li>
            ))}
          </ul>
          {rest > 0 && <p className="quiet">{words.andMore(count(rest))}</p>}
        </details>
      )}
    </article>
  );
}
