import type { Batch } from '../api/types';
import { Done, Problem } from '../parts/notice';
import { isOver } from '../parts/status';
import { Sure } from '../parts/sure';
import { useParameter } from '../router';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import type { Retry } from '../use-retry';
import { costWords, RetryButton } from './retry-button';

interface Props {
  readonly batch: Batch;
  readonly changed: () => void;
  readonly retry: Retry;
}

/** What can be done with a batch as it is now. Cancelling asks once more. */
export function BatchActions({ batch, changed, retry }: Props) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const words = text.batch;
  const post = (what: string) => (): void =>
    run(what, async () => {
      await client.post(`/v1/batches/${batch.id}/${what}`);
      changed();
    });
  const button = (what: string, label: string, kind = '') => (
    <button type="button" className={kind} disabled={busy !== null} onClick={post(what)}>
      {label}
    </button>
  );
  const running = batch.status === 'in_progress';
  const { failed, cancelled } = batch.request_counts;
  const bad = failed + cancelled;
  // There each reason has its own, or the word that a retry does not help.
  const [view] = useParameter('view');
  return (
    <>
      {running && batch.paused_at === null && button('pause', words.pause)}
      {running && batch.paused_at !== null && button('resume', words.resume, 'main')}
      {(running || batch.status === 'validating') && (
        <Sure
          words={words.cancel}
          question={words.cancelSure}
          yes={words.cancelYes}
          no={words.cancelNo}
          busy={busy !== null}
          act={post('cancel')}
        />
      )}
      {isOver(batch) && batch.status !== 'failed' && bad > 0 && view !== 'failures' && (
        <RetryButton
          batch={batch}
          code={null}
          lines={bad}
          words={words.retryAll(bad, costWords(batch, bad))}
          question={words.retryAllSure}
          retry={retry}
        />
      )}
      <Done message={retry.done} />
      <Problem message={problem ?? retry.problem} />
    </>
  );
}
