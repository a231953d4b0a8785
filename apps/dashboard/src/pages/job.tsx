import type { Job } from '../api/types';
import { usd, when } from '../format';
import { Fact, Loading, Problem } from '../parts/notice';
import { Status } from '../parts/status';
import { paths } from '../router';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { Attempts } from './attempts';
import { Pictures } from './pictures';

const isOpen = ({ status }: Job): boolean => status === 'queued' || status === 'in_progress';

/** One job: what was asked, what came, and every attempt that was made for it. */
export function JobPage({ id }: { readonly id: string }) {
  const { data: job, problem, again } = useAsk<Job>(`/v1/jobs/${id}`, 2_000, isOpen);
  return (
    <>
      <p className="crumb">
        <a href={job?.batch_id ? paths.batch(job.batch_id) : paths.batches}>
          {job?.batch_id ? text.job.back : text.batch.back}
        </a>
      </p>
      {!job && !problem && <Loading />}
      <Problem message={problem} again={again} />
      {job && (
        <>
          <div className="title">
            <div>
              <h1>{job.custom_id ?? job.id}</h1>
              <p className="quiet">
                <Status kind={job.status}>{text.job.status[job.status]}</Status> <code>{job.id}</code>
              </p>
            </div>
          </div>
          {job.error && <Problem message={`${job.error.code}: ${job.error.message}`} />}
          <Pictures job={job} />
          <Request job={job} />
          <Attempts attempts={job.attempts} />
        </>
      )}
    </>
  );
}

/** Shown elsewhere on the page. */
const apart = new Set(['prompt', 'images', 'mask']);

function Request({ job }: { readonly job: Job }) {
  const { facts } = text.job;
  const prompt = job.request?.['prompt'];
  const parameters = Object.entries(job.request ?? {})
    .filter(([name, value]) => !apart.has(name) && value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value)}`);
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
      <dl className="facts">
        {job.model && <Fact name={facts.model}>{job.model}</Fact>}
        {job.provider && <Fact name={facts.provider}>{job.provider}</Fact>}
        <Fact name={facts.cost}>{usd(job.cost.actual)}</Fact>
        {job.line != null && <Fact name={facts.line}>{job.line}</Fact>}
        {job.completed_at !== null && <Fact name={facts.ended}>{when(job.completed_at)}</Fact>}
        {parameters.length > 0 && <Fact name={facts.parameters}>{parameters.join(' · ')}</Fact>}
      </dl>
    </section>
  );
}
