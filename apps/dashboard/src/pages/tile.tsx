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
  /** The one tile that the Tab key comes to; arrows lead on from it. */
  readonly isTabStop: boolean;
  readonly open: (place: number) => void;
  /** Its picture did not load. */
  readonly reload: (place: number) => void;
  readonly language: Language;
}

/** A line as a picture: a click shows it large; what has no picture leads to its job. */
function Shown({ job, place, isTabStop, open, reload }: Props) {
  const [image, ...more] = job?.images ?? [];
  return (
    <a
      href={job ? paths.job(job.id) : undefined}
      data-place={place}
      tabIndex={isTabStop ? 0 : -1}
      onClick={(event) => {
        // With a key held down it is a link like any other.
        if (!image || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        open(place);
      }}
    >
      <span className="picture" data-kind={job?.status ?? 'unread'}>
        {image && (
          <img
            src={thumbnailOf(image)}
            alt={text.job.status.completed}
            loading="lazy"
            decoding="async"
            onError={() => reload(place)}
          />
        )}
        {more.length > 0 && <b className="more">+{count(more.length)}</b>}
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
