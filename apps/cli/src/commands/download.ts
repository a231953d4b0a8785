import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectionError, isEnded, RendermillError, type Job, type Rendermill } from '@rendermill/client';
import { bar, fit } from '../batch/progress.js';
import { exitCodes, kindOf, number, UsageError, type Command, type Run } from '../command.js';
import { Damaged, fetchPicture, type Picture } from '../download/fetch-picture.js';
import { Names } from '../download/names.js';
import { sideBySide } from '../download/side-by-side.js';
import { clip, count, size } from '../format.js';
import { Interrupted } from '../stop.js';

interface Named extends Picture {
  readonly name: string;
  /** How many pictures its line has. */
  readonly ofLine: number;
}
interface Sum {
  pictures: number;
  fetched: number;
  bytes: number;
  failed: { name: string; message: string }[];
}

export const download: Command = {
  usage: 'download ID [FOLDER] [--parallel N]',
  summary: 'Fetches the pictures of a batch or job, verified; a second run fetches only what is missing.',
  options: { parallel: { type: 'string', short: 'p' } },
  optionsHelp: [
    'FOLDER              where to (a folder named like the batch or job)',
    '--parallel, -p N    pictures at once, 1 to 64 (8)',
    'Ctrl-C finishes what is under way; twice stops at once. Run it again to go on.',
  ],
  arguments: { least: 1, most: 2 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const [id = '', folder = id] = positionals;
    const parallel = number(run, 'parallel') ?? 8;
    if (!Number.isInteger(parallel) || parallel < 1 || parallel > 64) throw new UsageError('--parallel is 1 to 64.');
    // Asked for before anything is written: a name that is none leaves no folder.
    const batch = kindOf(id) === 'batch' ? await client.batches.get(id) : null;
    const job = batch ? null : await client.jobs.get(id);
    const pictures = job ? ofJob(job) : ofBatch(client, id);
    const lines = batch?.request_counts.completed ?? 1;
    const sum = await fetchAll(run, pictures, folder, parallel, lines);
    terminal.show('');
    if (json) terminal.print(JSON.stringify({ object: 'download', id, folder, ...sum, failed: sum.failed }, null, 2));
    else
      terminal.print(`${count(sum.pictures, 'picture')} in ${folder}: ${sum.fetched} fetched now, ${size(sum.bytes)}`);
    if (batch && !isEnded(batch))
      terminal.say('The batch is still running: run the command again for what ends later.');
    if (job?.error) terminal.say(`The job ${job.status}, ${job.error.code}: ${clip(job.error.message, 300)}`);
    if (sum.failed.length === 0) return job?.error ? exitCodes.partly : exitCodes.done;
    terminal.say(`${count(sum.failed.length, 'picture')} could not be fetched; run the command again for them.`);
    return exitCodes.partly;
  },
};

async function* ofBatch(client: Rendermill, id: string): AsyncGenerator<Named> {
  const names = new Names();
  for await (const { job_id, custom_id, line, images } of client.batches.results(id))
    for (const { index, bytes, sha256, content_type } of images)
      yield {
        job: job_id,
        index,
        bytes,
        sha256,
        name: names.of(custom_id, line, index, content_type),
        ofLine: images.length,
      };
}

async function* ofJob({ id, custom_id, images }: Job): AsyncGenerator<Named> {
  const names = new Names();
  for (const { index, bytes, sha256, content_type } of images)
    yield {
      job: id,
      index,
      bytes,
      sha256,
      name: names.of(custom_id ?? id, 1, index, content_type),
      ofLine: images.length,
    };
}

async function fetchAll(run: Run, pictures: AsyncGenerator<Named>, folder: string, parallel: number, lines: number) {
  const { client, terminal } = run;
  const sum: Sum = { pictures: 0, fetched: 0, bytes: 0, failed: [] };
  let done = 0;
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' && error.code !== 'ENOTDIR') throw error;
    throw new UsageError(`${folder} is a file, or below one: name a folder.`);
  });
  const stop = run.stop();
  stop.soon.addEventListener('abort', () =>
    terminal.say('Finishing what is under way; Ctrl-C again stops at once and keeps the parts.'),
  );
  const one = async (picture: Named): Promise<void> => {
    try {
      const bytes = await fetchPicture(client, picture, join(folder, picture.name), stop.now);
      sum.pictures++;
      sum.fetched += bytes > 0 ? 1 : 0;
      sum.bytes += bytes;
    } catch (error) {
      if (stop.now.aborted || !isOfThisPicture(error)) throw error;
      terminal.say(`${picture.name}: ${error.message}`);
      sum.failed.push({ name: picture.name, message: error.message });
    }
    // How many pictures there are nobody knows before the last row: the bar goes by the lines.
    done += 1 / picture.ofLine;
    const share = Math.min(1, done / Math.max(1, lines));
    terminal.show(fit(`${bar(share, 20)} ${count(sum.pictures, 'picture')}  ${size(sum.bytes)}`, terminal.columns));
  };
  try {
    await sideBySide(pictures, parallel, stop.soon, one);
  } catch (error) {
    if (!stop.soon.aborted) throw error;
  } finally {
    stop.close();
  }
  if (!stop.soon.aborted) return sum;
  terminal.show('');
  terminal.say(`${count(sum.pictures, 'picture is', 'pictures are')} here. Run the same command again for the others.`);
  throw new Interrupted();
}

/** One picture that cannot be had does not keep the others; a key that is refused would be refused again. */
function isOfThisPicture(error: unknown): error is Error {
  if (error instanceof RendermillError) return error.status !== 401 && error.status !== 403;
  return error instanceof Damaged || error instanceof ConnectionError;
}
