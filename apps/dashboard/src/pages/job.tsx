import { useState } from 'react';
import { goodUntil } from '../api/links';
import type { Job } from '../api/types';
import { count, usd, when } from '../format';
import { Fact, Loading, Problem, Title } from '../parts/notice';
import { isOpen, Status } from '../parts/status';
import { isLineId, paths, wayBack } from '../router';
import { useMay, useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { useAsk } from '../use-ask';
import { Attempts } from './attempts';
import { JobDeliveries } from './job-deliveries';
import { LineActions } from './line-actions';
import { Pictures } from './pictures';

/** One that has ended is read again for links only, before those that it has die. */
function everyOf(job: Job): number | null {
  if (isOpen(job)) return 2_000;
  const end = goodUntil([job]);
  return end === Infinity ? null : Math.max(1_000, end - Date.now());
}

/** One job: what was asked, what came, every attempt that was made for it, and who was told. */
export function JobPage({ id }: { readonly id: string }) {
  const [awaited, setAwaited] = useState(0);
  const {
    data: job,
    problem,
    again,
  } = useAsk<Job>(
    `/v1/jobs/${id}`,
    // One that was just asked for again may not be read so yet.
    (now) => (now.generation < awaited ? 2_000 : everyOf(now)),
  );
  const may = useMay();
  const isLine = job ? job.batch_id !== null : isLineId(id);
  return (
    <>
      <p className="crumb">
        <a href={job?.batch_id ? wayBack(job.batch_id, job.line ?? null) : isLine ? paths.batches : paths.jobs}>
          {isLine ? text.job.back : text.job.all}
        </a>
      </p>
      {!job && !problem && <Loading />}
      <Problem message={problem} again={again} />
      {job && (
        <>
          <Title
            name={job.custom_id ?? job.id}
            state={
              <>
                <Status kind={job.status}>{text.job.status[job.status]}</Status> <code>{job.id}</code>
              </>
            }
          >
            {job.batch_id === null && may('jobs:write') && <JobActions job={job} changed={again} />}
            {job.batch_id !== null && job.error && may('batches') && (
              <LineActions
                batchId={job.batch_id}
                code={job.error.code}
                changed={(generation) => {
                  setAwaited(generation);
                  again();
                }}
              />
            )}
          </Title>
          {job.error && <Failure job={job} />}
          <Pictures job={job} />
          <Request job={job} />
          <Attempts attempts={job.attempts} />
          {may('webhooks') && <JobDeliveries key={job.status} job={job} />}
        </>
      )}
    </>
  );
}

/** What went wrong, and what usually helps. */
function Failure({ job: { error } }: { readonly job: Job }) {
  const advice = text.failures.advice[error?.code ?? ''];
  return (
    <div className="problem" role="alert">
      <div>
        <p>
          <code>{error?.code}</code> {error?.message}
        </p>
        {advice !== undefined && <p>{advice}</p>}
      </div>
    </div>
  );
}

function JobActions({ job, changed }: { readonly job: Job; readonly changed: () => void }) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const post = (what: string) => () =>
    run(what, async () => {
      await client.post(`/v1/jobs/${job.id}/${what}`);
      changed();
    });
  const canRetry = job.status === 'failed' || job.status === 'cancelled' || job.status === 'expired';
  return (
    <>
      {isOpen(job) && (
        <button type="button" className="grave" disabled={busy !== null} onClick={post('cancel')}>
          {text.job.cancel}
        </button>
      )}
      {canRetry && (
        <button type="button" className="main" disabled={busy !== null} onClick={post('retry')}>
          {text.job.retry}
        </button>
      )}
      <Problem message={problem} />
    </>
  );
}

/** Shown elsewhere on the page. */
const apart = new Set(['prompt', 'images', 'mask']);

function Request({ job }: { readonly job: Job }) {
  const { facts } = text.job;
  const prompt = job.request?.['prompt'];
  const parameters = Object.entries(job.request ?? {}).filter(
    ([name, value]) => !apart.has(name) && value !== null && typeof value !== 'object',
  );
  const revised = job.images.find(({ revised_prompt }) => revised_prompt !== null)?.revised_prompt;
  return (
    <section>
      {typeof prompt === 'string' && (
        <>
          <h2>{text.job.prompt}</h2>
          <p className="prompt">{prompt}</p>
        </>
      )}
      {revised && (
        <>
          <h2>{text.job.revised}</h2>
          <p className="prompt">{revised}</p>
        </>
      )}
      <dl className="facts card">
        {job.model && <Fact name={facts.model}>{job.model}</Fact>}
        {job.provider && <Fact name={facts.provider}>{job.provider}</Fact>}
        <Fact name={facts.cost}>{usd(job.cost.actual)}</Fact>
        {job.line != null && <Fact name={facts.line}>{count(job.line)}</Fact>}
        <Fact name={facts.made}>{when(job.created_at)}</Fact>
        {job.completed_at !== null && <Fact name={facts.ended}>{when(job.completed_at)}</Fact>}
        {parameters.map(([name, value]) => (
          <Fact key={name} name={name}>
            {String(value)}
          </Fact>
        ))}
      </dl>
    </section>
  );
}
