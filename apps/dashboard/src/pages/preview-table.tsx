import type { Estimate, Preview, PreviewLine } from '../api/types';
import { count, duration, percent, usdRange } from '../format';
import { text } from '../text';

/** The price, and the first rows as they would be sent: what is wrong with one stands in its place. */
export function PreviewTable({ preview, estimate }: { readonly preview: Preview; readonly estimate: Estimate | null }) {
  const words = text.catalogue.preview;
  return (
    <>
      {estimate && <Price estimate={estimate} />}
      <h3>{words.rows}</h3>
      <ol className="rows">
        {preview.data.map((row) => (
          <li key={row.line} data-bad={row.error !== null}>
            <span className="number">{count(row.line)}</span>
            <div>
              <strong>{row.custom_id}</strong>
              {row.error ? <p className="bad">{row.error.message}</p> : <p className="prompt">{promptOf(row)}</p>}
              {row.request?.images && <small>{row.request.images.join(' ')}</small>}
            </div>
            {row.cost && <span className="number">{usdRange(row.cost.min, row.cost.max)}</span>}
          </li>
        ))}
      </ol>
    </>
  );
}

function promptOf({ request }: PreviewLine): string {
  const prompt = request?.['prompt'];
  return typeof prompt === 'string' ? prompt : '';
}

function Price({ estimate: { cost, lines, images, invalid_lines, sample, seconds } }: { readonly estimate: Estimate }) {
  const words = text.catalogue.preview;
  return (
    <div className="price">
      <p className="quiet">{words.price}</p>
      <p className="large">{usdRange(cost.min, cost.max)}</p>
      <p>
        {words.lines(lines, images)}
        {seconds !== null && ` · ${words.time(duration(seconds))}`}
      </p>
      {invalid_lines.count > 0 && <p className="bad">{words.invalid(invalid_lines.count)}</p>}
      {sample && <p className="quiet">{words.sample(percent(sample.share))}</p>}
    </div>
  );
}
