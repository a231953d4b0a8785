import { isEnded, type Batch, type BatchResult } from '@rendermill/client';
import { exitCodes, type ExitCode, type Run } from '../command.js';
import { clip, count, dollars, duration } from '../format.js';
import { Interrupted } from '../stop.js';
import { progressLine, Rate } from './progress.js';

/** Failures that are told one by one; the rest are counted. */
const toldFailures = 20;

/** Looks on until a batch has ended; Ctrl-C leaves it to its end. */
export async function follow(run: Run, id: string): Promise<ExitCode> {
  const { client, terminal } = run;
  const stop = run.stop();
  try {
    let batch = await client.batches.get(id, { signal: stop.soon });
    const rate = new Rate(endedLines(batch), Date.now());
    let failures = 0;
    let tenth = Math.floor(batch.progress * 10);
    if (terminal.drawn) terminal.show(progressLine(batch, rate, terminal.columns));
    else if (!isEnded(batch)) terminal.say(progressLine(batch, rate, 1_000));
    if (!isEnded(batch))
      for await (const event of client.batches.events(id, { signal: stop.soon })) {
        if (event.type === 'line') {
          if (event.line.status === 'failed' && ++failures <= toldFailures) terminal.say(failureLine(event.line));
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
    terminal.say(`The batch goes on. To look again: rendermill watch ${id}`);
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
  if (told > toldFailures) terminal.say(`… and ${told - toldFailures} more`);
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
  if (n.failed > 0) await sayGroups(run, id);
  if (n.completed > 0) terminal.say(`To fetch the pictures: rendermill download ${id}`);
  return status === 'completed' && n.failed + n.cancelled === 0 ? exitCodes.done : exitCodes.partly;
}

/** Failures that are read to be grouped. */
const grouped = 1_000;

/** What failed, by its reason, with what to do about it. */
export async function sayGroups({ client, terminal }: Run, id: string): Promise<void> {
  const groups = new Map<string, { lines: number; message: string; type: string }>();
  let read = 0;
  for await (const { error } of client.batches.lines(id, { status: 'failed', limit: 100 })) {
    const code = error?.code ?? 'unknown';
    const group = groups.get(code) ?? { lines: 0, message: error?.message ?? '', type: error?.type ?? '' };
    group.lines++;
    groups.set(code, group);
    if (++read >= grouped) break;
  }
  if (read >= grouped) terminal.say(`Of the first ${grouped} that failed:`);
  for (const [code, { lines, message, type }] of [...groups].sort(([, a], [, b]) => b.lines - a.lines)) {
    terminal.say(`${count(lines, 'line')}: ${code}, as: ${clip(message, 160)}`);
    if (type === 'invalid_request_error')
      terminal.say(
        `  a retry asks for the same once more; to see the lines: rendermill jobs --batch ${id} --error-code ${code}`,
      );
    terminal.say(`  to run them again: rendermill retry ${id} --error-code ${code}`);
  }
}

/** Of a batch that has ended or not: one line. */
export const timeLeft = (batch: Batch): string =>
  isEnded(batch) ? '' : batch.eta_seconds === null ? '' : `${duration(batch.eta_seconds)} left`;
