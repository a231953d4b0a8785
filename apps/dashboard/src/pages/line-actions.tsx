import { useEffect, useState } from 'react';
import type { Batch } from '../api/types';
import { Done, Loading, Problem } from '../parts/notice';
import { cannotHelp } from '../no-retry';
import { isOver } from '../parts/status';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { useFailures } from '../use-failures';
import { useRetry } from '../use-retry';
import { costWords, RetryButton } from './retry-button';

interface Props {
  readonly batchId: string;
  readonly code: string;
  /** They are run again, in this generation. */
  readonly changed: (generation: number) => void;
}

/** From one line that failed to all that failed like it. */
export function LineActions({ batchId, code, changed }: Props) {
  const {
    data: batch,
    problem,
    again,
  } = useAsk<Batch>(`/v1/batches/${batchId}`, (now) => (isOver(now) ? null : 3_000));
  const retry = useRetry(batch, again);
  const [lines, setLines] = useState<number | null>(null);
  const { generation } = retry;
  useEffect(() => {
    if (generation !== null) changed(generation);
    // Once for each retry, whatever the page hands over.
  }, [generation]);
  const words = text.failures;
  return (
    <>
      {batch && isOver(batch) && !retry.isQueued(code) && (
        <RetryButton
          batch={batch}
          code={code}
          lines={lines}
          words={cannotHelp(code) ? words.anyway : words.likeThis}
          question={[cannotHelp(code) ? words.anywaySure : '', words.likeThisSure].join(' ').trim()}
          kind={cannotHelp(code) ? 'plain' : ''}
          retry={retry}
        >
          <HowMany batch={batch} code={code} counted={setLines} />
        </RetryButton>
      )}
      {batch && !isOver(batch) && !retry.isQueued(code) && <p className="quiet">{words.later}</p>}
      <Done message={retry.done} />
      <Problem message={problem ?? retry.problem} />
    </>
  );
}

/** How many they are and what they cost, counted when it is asked. */
function HowMany({
  batch,
  code,
  counted,
}: {
  readonly batch: Batch;
  readonly code: string;
  readonly counted: (lines: number) => void;
}) {
  const { groups, isCounting, problem } = useFailures(batch);
  const lines = groups?.find((group) => group.code === code)?.count ?? 0;
  useEffect(() => {
    if (!isCounting && problem === null) counted(lines);
  }, [isCounting, problem, lines, counted]);
  if (problem !== null) return <Problem message={problem} />;
  if (isCounting) return <Loading>{text.failures.likeThisCounting}</Loading>;
  return <p role="status">{text.failures.retry(lines, costWords(batch, lines))}</p>;
}
