import { useEffect, useRef, useState } from 'react';
import { here } from '../api/client';
import type { Batch, Job, JobStatus } from '../api/types';
import { Empty, Loading, Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { paths } from '../router';
import { text } from '../text';
import { useLines } from '../use-lines';
import { useWindow } from '../use-window';

const tile = { least: 152, gap: 16, caption: 44 };
const filters = ['all', 'completed', 'failed', 'queued', 'in_progress'] as const;
type Filter = (typeof filters)[number];
const refreshMs = 2_000;

/** A batch's lines as pictures. Only tiles near the view exist, and lines are read as it comes near to them. */
export function Gallery({ batch }: { readonly batch: Batch }) {
  const [filter, setFilter] = useState<Filter>('all');
  const grid = useRef<HTMLUListElement>(null);
  const { jobs, more, problem, loadMore, refresh } = useLines(batch.id, filter === 'all' ? '' : `&status=${filter}`);
  const { columns, first, end, rowHeight } = useWindow(grid, tile);
  const over = isOver(batch);
  const [from, to] = [first * columns, Math.min(end * columns, jobs.length)];

  // A page ahead, so that a scroll finds its lines there.
  useEffect(() => {
    if (more && problem === null && jobs.length < end * columns + 100) loadMore();
  }, [more, problem, jobs.length, end, columns, loadMore]);

  // What is seen and not done yet is looked at again; after the end once more, for what ended last.
  const open = jobs.slice(from, to).findIndex(({ status }) => status === 'queued' || status === 'in_progress');
  const oldest = open === -1 ? -1 : from + open;
  useEffect(() => {
    if (oldest === -1 || (filter !== 'all' && over)) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) refresh(oldest);
    }, refreshMs);
    return () => window.clearInterval(timer);
  }, [oldest, filter, over, refresh]);

  const rows = Math.ceil(jobs.length / columns);
  const column = `calc((100% - ${(columns - 1) * tile.gap}px) / ${columns})`;
  return (
    <>
      <label className="inline">
        <span>{text.gallery.filter}</span>
        <select
          value={filter}
          onChange={({ target }) => setFilter(filters.find((one) => one === target.value) ?? 'all')}
        >
          {filters.map((one) => (
            <option key={one} value={one}>
              {one === 'all' ? text.gallery.all : text.job.status[one]}
            </option>
          ))}
        </select>
      </label>
      <Problem message={problem} again={loadMore} />
      {jobs.length === 0 && more && !problem && <Loading />}
      {jobs.length === 0 && !more && (
        <Empty>
          <p>{filter === 'all' ? text.gallery.none : text.gallery.empty}</p>
        </Empty>
      )}
      <ul ref={grid} className="gallery" style={{ height: Math.max(0, rows * rowHeight - tile.gap) }}>
        {jobs.slice(from, to).map((job, index) => {
          const place = from + index;
          return (
            <li
              key={job.id}
              aria-setsize={more ? -1 : jobs.length}
              aria-posinset={place + 1}
              style={{
                top: Math.floor(place / columns) * rowHeight,
                left: `calc((${column} + ${tile.gap}px) * ${place % columns})`,
                width: column,
              }}
            >
              <Tile job={job} />
            </li>
          );
        })}
      </ul>
    </>
  );
}

const nameOf = (job: Job): string => job.custom_id ?? (job.line == null ? job.id : text.gallery.line(job.line));
const statusOf = (status: JobStatus): string => text.job.status[status];

function Tile({ job }: { readonly job: Job }) {
  const image = job.images[0];
  return (
    <a href={paths.job(job.id)}>
      <span className="picture" data-kind={job.status}>
        {image ? (
          <img src={here(image.url)} alt={statusOf(job.status)} loading="lazy" decoding="async" />
        ) : (
          <span>{statusOf(job.status)}</span>
        )}
      </span>
      <span className="caption">
        {nameOf(job)}
        {job.error && <em>{job.error.code}</em>}
      </span>
    </a>
  );
}
