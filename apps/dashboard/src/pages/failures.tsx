import { useEffect, useState } from 'react';
import type { Client } from '../api/client';
import { messageOf } from '../api/client';
import type { Batch, Job, List } from '../api/types';
import { count } from '../format';
import { Empty, Loading, Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { paths } from '../router';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';

interface Group {
  readonly code: string;
  readonly message: string;
  readonly jobs: readonly Job[];
}

/** Lines read for the groups; beyond them the page says that it has not read all. */
const mostLines = 1_000;
const states = ['failed', 'expired', 'cancelled'] as const;

async function failedLines(client: Client, id: string, signal: AbortSignal): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const status of states) {
    let after = '';
    while (jobs.length < mostLines) {
      const page = await client.get<List<Job>>(`/v1/batches/${id}/jobs?limit=100&status=${status}${after}`, signal);
      jobs.push(...page.data);
      if (!page.has_more) break;
      after = `&after=${page.last_id}`;
    }
  }
  return jobs;
}

function groupsOf(jobs: readonly Job[]): Group[] {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const code = job.error?.code ?? job.status;
    groups.set(code, [...(groups.get(code) ?? []), job]);
  }
  return [...groups]
    .map(([code, of]) => ({ code, message: of[0]?.error?.message ?? '', jobs: of }))
    .sort((a, b) => b.jobs.length - a.jobs.length);
}

/** What failed, by reason; each group is retried as one. */
export function Failures({ batch, changed }: { readonly batch: Batch; readonly changed: () => void }) {
  const { client } = useSession();
  const [jobs, setJobs] = useState<readonly Job[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const action = useAction();
  const { failed, cancelled } = batch.request_counts;
  const bad = failed + cancelled;

  useEffect(() => {
    const gone = new AbortController();
    const read = async (): Promise<void> => {
      try {
        setJobs(await failedLines(client, batch.id, gone.signal));
        setProblem(null);
      } catch (error) {
        if (!gone.signal.aborted) setProblem(messageOf(error));
      }
    };
    void read();
    return () => gone.abort();
  }, [client, batch.id, bad, batch.generation, batch.status]);

  const retry = (code: string) => () =>
    action.run(code, async () => {
      await client.post(`/v1/batches/${batch.id}/retry`, { error_code: code });
      changed();
    });
  return (
    <div className="groups">
      <Problem message={problem ?? action.problem} />
      {!jobs && !problem && <Loading />}
      {jobs?.length === 0 && (
        <Empty>
          <p>{text.failures.none}</p>
        </Empty>
      )}
      {jobs && jobs.length < bad && jobs.length > 0 && (
        <p className="quiet">{text.failures.some(count(jobs.length))}</p>
      )}
      {jobs &&
        groupsOf(jobs).map((group) => (
          <article key={group.code} className="group">
            <div className="title">
              <div>
                <h3>
                  <code>{group.code}</code>{' '}
                  <span className="quiet">{text.failures.lines(count(group.jobs.length))}</span>
                </h3>
                <p>{text.failures.advice[group.code] ?? group.message}</p>
              </div>
              <div className="actions">
                <button
                  type="button"
                  disabled={!isOver(batch) || action.busy !== null}
                  onClick={retry(group.code)}
                  title={isOver(batch) ? undefined : text.failures.later}
                >
                  {text.failures.retry}
                </button>
              </div>
            </div>
            <details>
              <summary>{text.failures.show}</summary>
              <ul className="lines">
                {group.jobs.slice(0, 100).map((job) => (
                  <li key={job.id}>
                    <a href={paths.job(job.id)}>{job.custom_id ?? job.id}</a> <span>{job.error?.message}</span>
                  </li>
                ))}
              </ul>
            </details>
          </article>
        ))}
    </div>
  );
}
