import { here } from '../api/client';
import type { Batch } from '../api/types';
import { Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';

const formats = ['zip', 'csv', 'jsonl'] as const;

/** Downloads are the browser's own, by a link that the API signs: a ZIP of gigabytes never passes through this page. */
export function Results({ batch }: { readonly batch: Batch }) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  if (batch.progress === 0) return null;
  const download = (format: string) => () =>
    run(format, async () => {
      const { url } = await client.post<{ url: string }>(`/v1/batches/${batch.id}/results_link`, { format });
      const link = document.createElement('a');
      link.href = here(url);
      link.download = '';
      link.click();
    });
  return (
    <section className="results" aria-label={text.batch.results}>
      <h2>
        {text.batch.results} {!isOver(batch) && <small>{text.batch.resultsNow}</small>}
      </h2>
      <div className="together">
        {formats.map((format) => (
          <button key={format} type="button" disabled={busy !== null} onClick={download(format)}>
            {text.batch.formats[format]}
          </button>
        ))}
      </div>
      <Problem message={problem} />
    </section>
  );
}
