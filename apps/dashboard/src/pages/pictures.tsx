import { useState } from 'react';
import { inputsOf, wholeOf } from '../api/pictures';
import type { Job, JobImage } from '../api/types';
import { size } from '../format';
import { isOpen } from '../parts/status';
import { text } from '../text';
import { Viewer } from './viewer';

/** A job's pictures; of an edit the pictures that went in stand before them. A click shows one large. */
export function Pictures({ job }: { readonly job: Job }) {
  const [shown, setShown] = useState<number | null>(null);
  const inputs = inputsOf(job);
  return (
    <section className="pictures">
      {inputs.map((url, index) => (
        <figure key={url}>
          <img src={url} alt={text.job.input(index)} decoding="async" />
          <figcaption>
            {text.job.before}
            {inputs.length > 1 && ` ${index + 1}`}
          </figcaption>
        </figure>
      ))}
      {job.images.map((image, place) => (
        <Picture key={image.index} image={image} open={() => setShown(place)} />
      ))}
      {job.images.length === 0 && <p className="quiet">{isOpen(job) ? text.job.noPicture : text.job.noneCame}</p>}
      {shown !== null && <Viewer job={job} picture={shown} close={() => setShown(null)} />}
    </section>
  );
}

function Picture({ image, open }: { readonly image: JobImage; readonly open: () => void }) {
  const { index, width, height, bytes, content_type } = image;
  return (
    <figure>
      <button
        type="button"
        className="shown"
        onClick={open}
        aria-label={`${text.job.open}: ${text.job.picture(index)}`}
      >
        <img src={wholeOf(image)} alt={text.job.picture(index)} decoding="async" width={width} height={height} />
      </button>
      <figcaption>
        {width} × {height} · {content_type.replace('image/', '').toUpperCase()} · {size(bytes)}
      </figcaption>
    </figure>
  );
}
