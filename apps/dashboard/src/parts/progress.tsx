import type { Batch } from '../api/types';
import { percent } from '../format';

/** One bar in three parts: what is done, failed, cancelled; the rest is to do. */
export function Progress({ batch, label }: { readonly batch: Batch; readonly label: string }) {
  const { total, completed, failed, cancelled } = batch.request_counts;
  const share = (part: number): string => `${total === 0 ? 0 : (part / total) * 100}%`;
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(batch.progress * 100)}
      aria-valuetext={percent(batch.progress)}
    >
      <i className="done" style={{ width: share(completed) }} />
      <i className="failed" style={{ width: share(failed) }} />
      <i className="left" style={{ width: share(cancelled) }} />
    </div>
  );
}
