import { isEnded, type Job } from '@rendermill/client';
import { fit } from '../batch/progress.js';
import { exitCodes, type ExitCode, type Run } from '../command.js';
import { clip, dollars } from '../format.js';
import { Interrupted } from '../stop.js';

/** Looks on until a job has ended, telling what its attempts come to; Ctrl-C leaves it to its end. */
export async function followJob(run: Run, id: string): Promise<ExitCode> {
  const { client, terminal } = run;
  const stop = run.stop();
  try {
    const job = await client.jobs.get(id, { signal: stop.soon });
    const ended = isEnded(job) ? job : await lookOn(run, job, stop.soon);
    terminal.show('');
    return report(run, ended);
  } catch (error) {
    if (!stop.soon.aborted) throw error;
    terminal.show('');
    terminal.say(`The job goes on. To look again: rendermill watch ${id}`);
    throw new Interrupted();
  } finally {
    stop.close();
  }
}

async function lookOn({ client, terminal }: Run, first: Job, signal: AbortSignal): Promise<Job> {
  // Of a job that is run again the attempts of before are old news.
  const told = new Set(endedAttempts(first).map(({ number }) => number));
  let [job, said] = [first, ''];
  for await (const event of client.jobs.events(first.id, { signal })) {
    job = event.job;
    for (const { number, provider, outcome, error } of endedAttempts(job)) {
      if (error && !told.has(number))
        terminal.say(`attempt ${number} at ${provider}: ${outcome}, ${error.code}: ${clip(error.message, 200)}`);
      told.add(number);
    }
    const line = stateOf(job);
    terminal.show(fit(line, terminal.columns));
    if (!terminal.drawn && line !== said && !isEnded(job)) terminal.say(line);
    said = line;
  }
  return job;
}

const endedAttempts = ({ attempts }: Job) => attempts.filter(({ outcome }) => outcome !== null);

function stateOf({ status, images, request, cost }: Job): string {
  const spent = cost.actual === null ? '' : `  ${dollars(cost.actual)} spent`;
  return status === 'queued' ? 'queued …' : `${status}  ${images.length}/${request?.n ?? 1} pictures${spent}`;
}

function report({ terminal, json }: Run, job: Job): ExitCode {
  const { id, status, cost, error, images } = job;
  terminal.print(json ? JSON.stringify(job, null, 2) : `${id} ${status}, ${dollars(cost.actual)}`);
  if (error) terminal.say(`${error.code}: ${error.message}`);
  if (images.length > 0) terminal.say(`To fetch the pictures: rendermill download ${id}`);
  return status === 'completed' ? exitCodes.done : exitCodes.partly;
}
