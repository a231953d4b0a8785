import { useState } from 'react';
import { keepLinks } from '../api/links';
import type { Job, JobStatus, List } from '../api/types';
import { thumbnailOf } from '../api/pictures';
import { ago, usd } from '../format';
import { Choice, Field } from '../parts/field';
import { Empty, Loading, Problem, Title } from '../parts/notice';
import { Pager, usePaging } from '../parts/pager';
import { Status } from '../parts/status';
import { paths } from '../router';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { useLater } from '../use-later';

const states: readonly JobStatus[] = ['queued', 'in_progress', 'completed', 'failed', 'cancelled', 'expired'];

interface Filter {
  readonly status: string;
  readonly model: string;
  readonly custom_id: string;
}

const noFilter: Filter = { status: '', model: '', custom_id: '' };

const queryOf = (filter: Filter): string =>
  Object.entries(filter)
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => `&${name}=${encodeURIComponent(value.trim())}`)
    .join('');

/** Jobs that came alone, newest first. */
export function Jobs() {
  const [filter, setFilter] = useState(noFilter);
  const paging = usePaging();
  // Not a request for every letter.
  const query = queryOf(useLater(filter));
  const list = useAsk<List<Job>>(`/v1/jobs?limit=25${query}${paging.after}`, 3_000);
  const jobs = useKept(list.data);
  const models = useAsk<List<{ id: string }>>('/v1/models');
  const words = text.jobs;
  const set = (field: keyof Filter) => (value: string) => {
    setFilter({ ...filter, [field]: value });
    paging.first();
  };
  const isFiltered = queryOf(filter) !== '';
  const isEmpty = jobs?.length === 0 && !list.data?.has_more;
  return (
    <>
      <Title name={words.title} lead={words.lead} />
      {(!isEmpty || isFiltered || paging.number > 1) && (
        <div className="grid filters" role="group" aria-label={words.filters.label}>
          <Choice
            label={words.filters.status}
            none={text.any}
            values={states}
            value={filter.status}
            change={set('status')}
            nameOf={(one) => text.job.status[one as JobStatus]}
          />
          <Choice
            label={words.filters.model}
            none={text.any}
            values={models.data?.data.map(({ id }) => id) ?? []}
            value={filter.model}
            change={set('model')}
          />
          <Field label={words.filters.customId} value={filter.custom_id} change={set('custom_id')} type="search" />
        </div>
      )}
      <Problem message={list.problem} again={list.again} />
      {!jobs && !list.problem && <Loading />}
      {isEmpty && isFiltered && (
        <Empty>
          <p>{words.noneFit}</p>
          <button type="button" onClick={() => setFilter(noFilter)}>
            {words.reset}
          </button>
        </Empty>
      )}
      {isEmpty && !isFiltered && paging.number === 1 && <FirstJob />}
      <ul className="rows-of-links">
        {jobs?.map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
      <Pager paging={paging} list={list.data} />
    </>
  );
}

/** The list as it was read last, with the links to pictures that it had. */
function useKept(list: List<Job> | null): readonly Job[] | null {
  const [kept, setKept] = useState<{ readonly of: List<Job> | null; readonly jobs: readonly Job[] | null }>({
    of: null,
    jobs: null,
  });
  if (list && list !== kept.of) setKept({ of: list, jobs: keepLinks(list.data, kept.jobs ?? []) });
  return list && kept.of === list ? kept.jobs : (list?.data ?? null);
}

function FirstJob() {
  const example = `curl ${window.location.origin}/v1/jobs \\
  -H "Authorization: Bearer $RENDERMILL_KEY" -H "Content-Type: application/json" \\
  -d '{"type": "generation", "prompt": "A stoneware mug on a linen cloth"}'`;
  return (
    <Empty title={text.jobs.emptyTitle}>
      <p>{text.jobs.empty}</p>
      <pre className="example" tabIndex={0} role="region" aria-label={text.jobs.emptyTitle}>
        {example}
      </pre>
      <a href="/docs">{text.nav.docs}</a>
    </Empty>
  );
}

function Row({ job }: { readonly job: Job }) {
  const [image] = job.images;
  const prompt = job.request?.['prompt'];
  return (
    <li>
      <a href={paths.job(job.id)} className="with-picture">
        <span className="picture" data-kind={job.status}>
          {image && <img src={thumbnailOf(image)} alt="" loading="lazy" decoding="async" />}
        </span>
        <span className="name">
          <strong>{job.custom_id ?? job.id}</strong>
          <Status kind={job.status}>{text.job.status[job.status]}</Status>
        </span>
        <span className="cut">{typeof prompt === 'string' ? prompt : ''}</span>
        <span className="figures">
          {job.error && <em>{job.error.code}</em>}
          {job.model && <span>{job.model}</span>}
          {job.images.length > 0 && <span>{text.jobs.pictures(job.images.length)}</span>}
          <span>{usd(job.cost.actual)}</span>
          <span>{ago(job.created_at)}</span>
        </span>
      </a>
    </li>
  );
}
