import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunksOf, ConnectionError, type Rendermill } from '@rendermill/client';

/** One picture into its file. What has come stays in `.part`, and a second run goes on behind it. */

export interface Picture {
  readonly job: string;
  readonly index: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What came is not what was stored. */
export class Damaged extends Error {}

/** How often one picture is begun again, each time behind what has come. */
const tries = 5;

/** The bytes that had to be fetched: 0 where the file was there. */
export async function fetchPicture(
  client: Rendermill,
  picture: Picture,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  if ((await sizeOf(file)) === picture.bytes && (await sha256Of(file)) === picture.sha256) return 0;
  const part = `${file}.part`;
  const before = await sizeOf(part);
  for (let done = 1; ; done++) {
    try {
      await append(client, picture, part, signal);
      break;
    } catch (error) {
      if (signal.aborted || !(error instanceof ConnectionError) || done >= tries) throw error;
      await sleep(500 * done, undefined, { signal });
    }
  }
  if ((await sizeOf(part)) !== picture.bytes || (await sha256Of(part)) !== picture.sha256) {
    await rm(part);
    throw new Damaged('what came is not what was stored: run the command again');
  }
  await rename(part, file);
  return picture.bytes - before;
}

async function append(client: Rendermill, { job, index, bytes }: Picture, part: string, signal: AbortSignal) {
  const have = await sizeOf(part);
  if (have === bytes) return;
  const goesOn = have > 0 && have < bytes;
  const response = await client.jobs.image(job, index, {
    signal,
    headers: goesOn ? { range: `bytes=${have}-` } : {},
  });
  const handle = await open(part, response.status === 206 ? 'a' : 'w');
  try {
    for await (const chunk of chunksOf(response, signal)) await handle.appendFile(chunk);
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found?.size ?? 0;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
