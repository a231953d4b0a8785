import type { Batch } from '../api/types';
import { howFar } from './status';

/** One bar in three parts: what is done, failed, cancelled; the rest is to do. */
export function Progress({ batch, label }: { readonly batch: Batch; readonly label: string }) {
  const { total, completed, failed, cancelled } = batch.request_counts;
  const share = (part: number): string => `${total === 0 ? 0 : (part / total) * 100}%`;
  // Without the empty ones, whose gaps would keep the others from the end.
  const parts = [
    ['done', completed],
    ['failed', failed],
    ['left', cancelled],
  ] as const;
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(batch.progress * 100)}
      aria-valuetext={howFar(batch)}
    >
      {parts.map(([kind, lines]) => lines > 0 && <i key={kind} className={kind} style={{ width: share(lines) }} />)}
    </div>
  );
}
