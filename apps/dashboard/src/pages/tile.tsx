import { memo } from 'react';
import { thumbnailOf } from '../api/pictures';
import type { Job } from '../api/types';
import { count } from '../format';
import { paths } from '../router';
import { text, type Language } from '../text';

interface Props {
  /** Null: not read yet. */
  readonly job: Job | null;
  readonly place: number;
  readonly open: (place: number) => void;
  readonly language: Language;
}

/** A line as a picture: a click shows it large; what has no picture leads to its job. */
function Shown({ job, place, open }: Props) {
  const image = job?.images[0];
  return (
    <a
      href={job ? paths.job(job.id) : undefined}
      data-place={place}
      tabIndex={job ? undefined : -1}
      onClick={(event) => {
        // With a key held down it is a link like any other.
        if (!image || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        open(place);
      }}
    >
      <span className="picture" data-kind={job?.status ?? 'unread'}>
        {image && <img src={thumbnailOf(image)} alt={text.job.status.completed} loading="lazy" decoding="async" />}
        {job && !image && <span>{text.job.status[job.status]}</span>}
      </span>
      <span className="caption">
        <span>{job?.custom_id ?? text.gallery.line(count(job?.line ?? place + 1))}</span>
        {job?.error && <em>{job.error.code}</em>}
      </span>
    </a>
  );
}

/** Drawn anew where its line or the language has changed, not with each row that comes into view. */
export const Tile = memo(Shown);
