import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';

/** A picture's bytes from a directory store: all, or a range, so that a download can go on where it stopped. */

let world: World;
let url: string;
let whole: Buffer;
let sha256: string;
beforeAll(async () => {
  world = await createWorld();
  const job = await world.ended((await world.submit({})).id);
  ({ url = '', sha256 = '' } = job.images[0] ?? {});
  whole = Buffer.from(await (await fetch(url)).arrayBuffer());
});
afterAll(async () => world.close());

describe('GET /v1/jobs/{id}/images/{index}', () => {
  test('says that it takes ranges, and the tag of the bytes', async () => {
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(whole.length)]);
    expect([answer.headers.get('accept-ranges'), answer.headers.get('etag')]).toEqual(['bytes', `"${sha256}"`]);
  });

  test.each([
    ['bytes=0-9', 0, 10],
    ['bytes=100-', 100, undefined],
    ['bytes=-5', -5, undefined],
  ])('Range: %s', async (range, start, end) => {
    const answer = await fetch(url, { headers: { range } });
    expect(answer.status).toBe(206);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes).toEqual(whole.subarray(start, end));
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    expect(answer.headers.get('content-range')).toMatch(new RegExp(`^bytes \\d+-\\d+/${whole.length}$`));
  });

  test('a range behind the end is 416 and says how many bytes there are', async () => {
    const answer = await fetch(url, { headers: { range: `bytes=${whole.length}-` } });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, `bytes */${whole.length}`]);
    expect(await answer.json()).toMatchObject({ error: { code: 'range_not_satisfiable' } });
  });

  test('If-Range with the tag gives the part, with another the whole', async () => {
    const ask = async (tag: string): Promise<number> => {
      const answer = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': tag } });
      return (await answer.arrayBuffer()).byteLength;
    };
    expect([await ask(`"${sha256}"`), await ask('"other"')]).toEqual([10, whole.length]);
  });
});
