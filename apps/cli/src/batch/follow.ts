import { isEnded, type Batch, type BatchResult } from '@rendermill/client';
import { exitCodes, type ExitCode, type Run } from '../command.js';
import { clip, count, dollars, duration } from '../format.js';
import { Interrupted } from '../stop.js';
import { sayFailures } from './failures.js';
import { progressLine, Rate, stateOf } from './progress.js';

/** Failures that are told one by one on a terminal, which the rest would flood; a pipe gets all. */
const onTerminal = 20;

/** Looks on until a batch has ended; Ctrl-C leaves it to its end. */
export async function follow(run: Run, id: string): Promise<ExitCode> {
  const { client, terminal } = run;
  const stop = run.stop();
  let batch: Batch | null = null;
  try {
    batch = await client.batches.get(id, { signal: stop.soon });
    const rate = new Rate(endedLines(batch), Date.now());
    let failures = 0;
    let tenth = Math.floor(batch.progress * 10);
    if (terminal.drawn) terminal.show(progressLine(batch, rate, terminal.columns));
    else if (!isEnded(batch)) terminal.say(progressLine(batch, rate, 1_000));
    if (!isEnded(batch))
      for await (const event of client.batches.events(id, { signal: stop.soon })) {
        if (event.type === 'line') {
          if (event.line.status !== 'failed') continue;
          failures++;
          if (!terminal.drawn || failures <= onTerminal) terminal.say(failureLine(event.line));
          continue;
        }
        batch = event.batch;
        rate.see(endedLines(batch), Date.now());
        terminal.show(progressLine(batch, rate, terminal.columns));
        // Where nothing can be drawn over: a line for each tenth.
        const now = Math.floor(batch.progress * 10);
        if (!terminal.drawn && now > tenth && !isEnded(batch)) terminal.say(progressLine(batch, rate, 1_000));
        tenth = now;
      }
    terminal.show('');
    return await report(run, batch, failures);
  } catch (error) {
    if (!stop.soon.aborted) throw error;
    terminal.show('');
    const paused = batch !== null && stateOf(batch) === 'paused';
    const now = paused ? `The batch is paused; to go on: rendermill resume ${id}.` : 'The batch goes on.';
    terminal.say(`${now} To look again: rendermill watch ${id}`);
    throw new Interrupted();
  } finally {
    stop.close();
  }
}

export const endedLines = ({ request_counts: { completed, failed, cancelled } }: Batch): number =>
  completed + failed + cancelled;

const failureLine = ({ line, custom_id, error }: BatchResult): string =>
  `failed: line ${line}  ${clip(custom_id, 40)}  ${error?.code}: ${clip(error?.message ?? '', 200)}`;

async function report(run: Run, batch: Batch, told: number): Promise<ExitCode> {
  const { terminal, json } = run;
  const { id, status, request_counts: n, cost, errors } = batch;
  if (terminal.drawn && told > onTerminal)
    terminal.say(`… and ${told - onTerminal} more: rendermill jobs --batch ${id} --status failed --limit ${n.failed}`);
  for (const { line, code, message } of errors?.data ?? [])
    terminal.say(`${line === null ? '' : `line ${line}  `}${code}: ${message}`);
  const parts = [
    `${n.completed} of ${count(n.total, 'line')} completed`,
    ...(n.failed > 0 ? [`${n.failed} failed`] : []),
    ...(n.cancelled > 0 ? [`${n.cancelled} cancelled`] : []),
    dollars(cost.actual),
  ];
  if (json) terminal.print(JSON.stringify(batch, null, 2));
  else terminal.print(`${id} ${status}: ${parts.join(', ')}`);
  if (n.failed + n.cancelled > 0) await sayFailures(run, id);
  if (n.completed > 0) terminal.say(`To fetch the pictures: rendermill download ${id}`);
  return status === 'completed' && n.failed + n.cancelled === 0 ? exitCodes.done : exitCodes.partly;
}

/** Of a batch that has ended or not: one line. */
export const timeLeft = (batch: Batch): string =>
  isEnded(batch) ? '' : batch.eta_seconds === null ? '' : `${duration(batch.eta_seconds)} left`;
