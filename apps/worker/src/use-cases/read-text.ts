import type { Storage } from '@rendermill/shared/ports/storage';

/** Longer is nothing that we wrote: a batch's state of a million lines has 20 kB, a job's longest prompt 130. */
const maxBytes = 16 * 1024 ** 2;

/** A small object as text; null where there is none. */
export async function readText(storage: Pick<Storage, 'get'>, key: string): Promise<string | null> {
  const object = await storage.get(key);
  if (!object) return null;
  if (object.facts.bytes > maxBytes) {
    object.body.destroy();
    throw new Error(`${key} is longer than ${maxBytes} bytes`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of object.body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
