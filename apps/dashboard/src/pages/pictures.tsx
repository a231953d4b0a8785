import { here } from '../api/client';
import type { Job, JobImage } from '../api/types';
import { size } from '../format';
import { text } from '../text';

/** A job's pictures; of an edit the pictures that went in stand beside them. */
export function Pictures({ job }: { readonly job: Job }) {
  const inputs = inputsOf(job);
  return (
    <section className="pictures">
      {inputs.map((url, index) => (
        <figure key={url}>
          <img src={url} alt={text.job.input(index)} decoding="async" />
          <figcaption>{text.job.before}</figcaption>
        </figure>
      ))}
      {job.images.map((image) => (
        <Picture key={image.index} image={image} />
      ))}
      {job.images.length === 0 && <p className="quiet">{text.job.noPicture}</p>}
    </section>
  );
}

function Picture({ image }: { readonly image: JobImage }) {
  const { index, width, height, bytes, content_type } = image;
  return (
    <figure>
      <a
        href={here(image.url)}
        target="_blank"
        rel="noreferrer"
        aria-label={`${text.job.open}: ${text.job.picture(index)}`}
      >
        <img src={here(image.url)} alt={text.job.picture(index)} decoding="async" width={width} height={height} />
      </a>
      <figcaption>
        {width} × {height} · {content_type.replace('image/', '')} · {size(bytes)}
      </figcaption>
    </figure>
  );
}

/** Inputs that lie in our store have a link here; others' pictures are not loaded by this page. */
function inputsOf({ request }: Job): string[] {
  const images = request?.['images'];
  if (!Array.isArray(images)) return [];
  return images.flatMap((image: { readonly url?: unknown }) => {
    if (typeof image.url !== 'string' || !URL.canParse(image.url, window.location.href)) return [];
    const path = here(image.url);
    return path.startsWith('/v1/jobs/') ? [path] : [];
  });
}
