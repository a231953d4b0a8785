import { useState } from 'react';
import type { Batch } from '../api/types';
import { Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';

/** What can be done with a batch as it is now. Cancelling asks once more. */
export function BatchActions({ batch, changed }: { readonly batch: Batch; readonly changed: () => void }) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const [asking, setAsking] = useState(false);
  const post = (what: string, body?: unknown) => () =>
    run(what, async () => {
      await client.post(`/v1/batches/${batch.id}/${what}`, body);
      setAsking(false);
      changed();
    });
  const button = (what: string, words: string, kind = '') => (
    <button type="button" className={kind} disabled={busy !== null} onClick={post(what)}>
      {words}
    </button>
  );
  const running = batch.status === 'in_progress';
  const { failed, cancelled } = batch.request_counts;
  return (
    <div className="actions">
      {running && batch.paused_at === null && button('pause', text.batch.pause)}
      {running && batch.paused_at !== null && button('resume', text.batch.resume, 'main')}
      {(running || batch.status === 'validating') && !asking && (
        <button type="button" className="grave" onClick={() => setAsking(true)}>
          {text.batch.cancel}
        </button>
      )}
      {isOver(batch) && batch.status !== 'failed' && failed + cancelled > 0 && button('retry', text.batch.retryAll)}
      {asking && !isOver(batch) && (
        <div className="sure" role="group" aria-label={text.batch.cancel}>
          <p>{text.batch.cancelSure}</p>
          {button('cancel', text.batch.cancelYes, 'grave')}
          <button type="button" onClick={() => setAsking(false)}>
            {text.batch.cancelNo}
          </button>
        </div>
      )}
      <Problem message={problem} />
    </div>
  );
}
