import type { PreviewLine } from '../api/types';
import type { Look } from '../catalogue/look';
import { count, usdRange } from '../format';
import { text } from '../text';

/** The first rows as they would be sent, and those that cannot be: what is wrong with one stands in its place. */
export function PreviewTable({ look: { preview, price } }: { readonly look: Look }) {
  const words = text.catalogue.preview;
  const invalid = price.kind === 'known' ? price.estimate.invalid_lines : null;
  const skipped = price.kind === 'known' ? price.estimate.skipped_rows : 0;
  const shown = new Set(preview.data.map(({ line }) => line));
  const others = invalid?.first.filter(({ line }) => !shown.has(line)) ?? [];
  return (
    <>
      {preview.data.length > 0 && <h3>{words.rows(preview.data.length)}</h3>}
      <ol className="rows">
        {preview.data.map((row) => (
          <li key={row.line} data-bad={row.error !== null}>
            <span className="number">{count(row.line)}</span>
            <div>
              <strong>{row.custom_id}</strong>
              {row.error ? <p className="bad">{row.error.message}</p> : <Prompt row={row} />}
              {row.request?.images && <small>{row.request.images.join(' ')}</small>}
            </div>
            {row.cost && <span className="number">{usdRange(row.cost.min, row.cost.max)}</span>}
          </li>
        ))}
      </ol>
      {skipped > 0 && <p>{words.skipped(skipped)}</p>}
      {invalid && invalid.count > 0 && <p className="bad">{words.invalid(invalid.count)}</p>}
      {others.length > 0 && (
        <ol className="rows invalid" aria-label={words.invalidOthers}>
          {others.map(({ line, custom_id, error }) => (
            <li key={line} data-bad="true">
              <span className="number">{count(line)}</span>
              <div>
                <strong>{custom_id}</strong> <span>{error.message}</span>
              </div>
            </li>
          ))}
        </ol>
      )}
      {invalid && invalid.count > invalid.first.length && (
        <p className="quiet">{words.invalidMore(invalid.count - invalid.first.length)}</p>
      )}
    </>
  );
}

/** Three lines of it; a click shows the rest. */
function Prompt({ row: { request } }: { readonly row: PreviewLine }) {
  const prompt = request?.['prompt'];
  if (typeof prompt !== 'string') return null;
  const isShort = prompt.length <= 100 && prompt.split('\n').length <= 3;
  if (isShort) return <p className="prompt">{prompt}</p>;
  return (
    <details className="folded">
      <summary>
        <span className="prompt">{prompt}</span>
      </summary>
    </details>
  );
}
