import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { inputsOf, savedOf, wholeOf } from '../api/pictures';
import type { Job, JobImage } from '../api/types';
import { count } from '../format';
import { Compare } from '../parts/compare';
import { paths } from '../router';
import { text } from '../text';

interface Props {
  /** Null: not read yet. */
  readonly job: Job | null;
  /** Which of its pictures comes first. */
  readonly picture?: number;
  /** Where it stands among others, and the way to them. */
  readonly among?: { readonly place: number; readonly total: number; readonly move: (by: 1 | -1) => void };
  readonly details?: boolean;
  /** The picture did not load. */
  readonly reload?: () => void;
  readonly close: () => void;
}

/** A picture as large as the screen allows, or pixel by pixel; arrows lead on, Escape back. */
export function Viewer({ job, picture = 0, among, details = false, reload, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [index, setIndex] = useState(picture);
  const [zoomed, setZoomed] = useState(false);
  const [comparing, setComparing] = useState(false);
  const words = text.viewer;
  const image = job?.images[index] ?? job?.images[0];
  const [before] = job ? inputsOf(job) : [];

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  // Another picture begins as a whole.
  const id = job?.id;
  useEffect(() => {
    setZoomed(false);
    setIndex(picture);
  }, [id, picture]);

  const onKey = (event: KeyboardEvent): void => {
    // A slider's arrows are its own.
    if (event.target instanceof HTMLInputElement) return;
    const key = event.key;
    if (key === 'ArrowRight') among?.move(1);
    else if (key === 'ArrowLeft') among?.move(-1);
    else if (key === '+' || key === '=') setZoomed(true);
    else if (key === '-' || key === '0') setZoomed(false);
    else return;
    event.preventDefault();
  };
  const name = job ? (job.custom_id ?? job.id) : '';
  return (
    <dialog ref={dialog} className="viewer" aria-label={`${words.label} ${name}`} onClose={close} onKeyDown={onKey}>
      <div className="bar-of-tools">
        <p>
          <strong>{name}</strong>
          {among && <span className="quiet">{words.place(count(among.place + 1), count(among.total))}</span>}
        </p>
        <div className="together">
          {job && job.images.length > 1 && <Which images={job.images} shown={image} choose={setIndex} />}
          {image && before !== undefined && (
            <button type="button" aria-pressed={comparing} onClick={() => setComparing(!comparing)}>
              {comparing ? words.single : words.compare}
            </button>
          )}
          {image && !comparing && (
            <button type="button" aria-pressed={zoomed} onClick={() => setZoomed(!zoomed)}>
              {zoomed ? words.zoomOut : words.zoomIn}
            </button>
          )}
          {job && image && (
            <a className="button" href={savedOf(job, image)} download>
              {words.download}
            </a>
          )}
          {job && details && (
            <a className="button" href={paths.job(job.id)}>
              {words.details}
            </a>
          )}
          <button type="button" onClick={() => dialog.current?.close()}>
            {text.close}
          </button>
        </div>
      </div>
      <div className="stage" data-zoomed={zoomed} tabIndex={0} role="group" aria-label={words.label}>
        {!image && <p className="quiet">{whyNone(job)}</p>}
        {image && comparing && before !== undefined && (
          <Compare before={before} after={wholeOf(image)} image={image} label={words.slider} />
        )}
        {image && !(comparing && before !== undefined) && (
          <img
            key={image.sha256}
            src={wholeOf(image)}
            alt={text.job.picture(image.index)}
            width={image.width}
            height={image.height}
            onClick={() => setZoomed(!zoomed)}
            onError={reload}
          />
        )}
      </div>
      {among && (
        <div className="bar-of-tools ways">
          <button type="button" disabled={among.place === 0} onClick={() => among.move(-1)}>
            {words.previous}
          </button>
          <button type="button" disabled={among.place + 1 >= among.total} onClick={() => among.move(1)}>
            {words.next}
          </button>
        </div>
      )}
    </dialog>
  );
}

function whyNone(job: Job | null): string {
  if (!job) return text.loading;
  return job.error ? `${job.error.code}: ${job.error.message}` : text.viewer.none;
}

/** Of a job with several pictures, which is shown. */
function Which({
  images,
  shown,
  choose,
}: {
  readonly images: readonly JobImage[];
  readonly shown: JobImage | undefined;
  readonly choose: (place: number) => void;
}) {
  return (
    <select
      aria-label={text.viewer.label}
      value={shown?.index}
      onChange={({ target }) => choose(images.findIndex(({ index }) => index === Number(target.value)))}
    >
      {images.map(({ index }) => (
        <option key={index} value={index}>
          {text.job.picture(index)}
        </option>
      ))}
    </select>
  );
}
