import { useState } from 'react';
import type { Batch } from '../api/types';
import { count } from '../format';
import type { LineFilter } from '../line-pages';
import { useMay } from '../session';
import { text } from '../text';
import type { Lines } from '../use-lines';
import { FindLine } from './find-line';

const filters: readonly LineFilter[] = ['all', 'completed', 'failed', 'cancelled', 'expired', 'queued', 'in_progress'];

interface Props {
  readonly batch: Batch;
  readonly filter: LineFilter;
  readonly choose: (filter: LineFilter) => void;
  readonly lines: Lines;
  readonly base: number;
  readonly stretch: number;
  readonly goTo: (place: number) => void;
  /** The place among all of a line that was looked for. */
  readonly found: (place: number) => void;
}

/** Which lines are shown, and the way to any of them. */
export function GalleryTools({ batch, filter, choose, lines, base, stretch, goTo, found }: Props) {
  const may = useMay();
  const [line, setLine] = useState('');
  const words = text.gallery;
  const stretches = Array.from({ length: Math.ceil(lines.total / stretch) }, (_, i) => i * stretch);
  // What is on one screen needs no way.
  const isLong = lines.total > 50;
  return (
    <div className="together gallery-tools">
      <label className="inline">
        <span>{words.filter}</span>
        <select value={filter} onChange={({ target }) => choose(filters.find((one) => one === target.value) ?? 'all')}>
          {filters.map((one) => (
            <option key={one} value={one}>
              {one === 'all' ? words.all : text.job.status[one]}
            </option>
          ))}
        </select>
      </label>
      {stretches.length > 1 && (
        <label className="inline">
          <span>{words.lines}</span>
          <select value={base} onChange={({ target }) => goTo(Number(target.value))}>
            {stretches.map((start) => (
              <option key={start} value={start}>
                {words.range(count(start + 1), count(Math.min(lines.total, start + stretch)))}
              </option>
            ))}
          </select>
        </label>
      )}
      {isLong && filter === 'all' && (
        <form
          className="inline"
          onSubmit={(event) => {
            event.preventDefault();
            if (line !== '') goTo(Number(line) - 1);
          }}
        >
          <label htmlFor="go-to-line">{words.goTo}</label>
          <input
            id="go-to-line"
            type="number"
            min={1}
            max={lines.total}
            value={line}
            onChange={({ target }) => setLine(target.value)}
          />
        </form>
      )}
      {batch.request_counts.total > 50 && may('jobs:read') && <FindLine batch={batch} found={found} />}
      {isLong && (
        <>
          <button type="button" onClick={() => goTo(0)}>
            {words.first}
          </button>
          <button type="button" onClick={() => goTo(lines.total - 1)}>
            {words.last}
          </button>
        </>
      )}
    </div>
  );
}
