import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../world.js';
import { connect, versions, type Counted } from './openai.js';
import { callsFor, fromBase64, picture, sha } from './support.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const lines = Buffer.from('{"custom_id":"a"}\n'.repeat(500));

describe.each(versions)('openai $major', (version) => {
  let client: Counted['client'];
  beforeAll(() => {
    ({ client } = connect(version, world));
  });
  const content = async (id: string): Promise<Buffer> =>
    Buffer.from(await (await client.files.content(id)).arrayBuffer());

  test('files.create of bytes and of a read stream, retrieve, content, waitForProcessing, delete', async () => {
    const path = join(world.dir, `lines-${version.major}.jsonl`);
    await writeFile(path, lines);
    for (const file of [await version.toFile(lines, 'lines.jsonl'), createReadStream(path)]) {
      const made = await client.files.create({ file, purpose: 'batch' });
      expect(made).toMatchObject({ object: 'file', bytes: lines.length, purpose: 'batch', status: 'processed' });
      expect(made.filename).toMatch(/^lines.*\.jsonl$/);
      expect(await client.files.retrieve(made.id)).toMatchObject({ id: made.id, created_at: made.created_at });
      expect(await client.files.waitForProcessing(made.id)).toMatchObject({ id: made.id });
      expect(await content(made.id)).toEqual(lines);
      // 4 and 5 call it `del`.
      const files = client.files as typeof client.files & { del: typeof client.files.delete };
      const deleted = version.major < 5 ? await files.del(made.id) : await files.delete(made.id);
      expect(deleted).toEqual({ id: made.id, object: 'file', deleted: true });
      await expect(client.files.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
    }
  });

  test('files.create with expires_after', async () => {
    const file = await version.toFile(lines, 'lines.jsonl');
    const made = await client.files.create({
      file,
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 3_600 },
    });
    expect(made.expires_at).toBe(made.created_at + 3_600);
  });

  test('files.list walks all pages, by purpose', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      made.push((await client.files.create({ file: await version.toFile(lines, `${i}`), purpose: 'evals' })).id);
    }
    const listed: string[] = [];
    for await (const { id } of client.files.list({ purpose: 'evals', limit: 2, order: 'asc' })) listed.push(id);
    expect([...listed].sort().filter((id) => made.includes(id))).toEqual([...made].sort());
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('an edit of images that were uploaded before, by their ids', async () => {
    const [image, mask] = [await picture(64), await picture(64, 0)];
    const upload = async (bytes: Buffer): Promise<string> =>
      (await client.files.create({ file: await version.toFile(bytes, 'a.png'), purpose: 'vision' })).id;
    const prompt = `edited by id, by openai ${version.major}`;
    // The SDK's own edit is a form; the JSON one goes by its plain request.
    const answer = (await client.post('/images/edits', {
      body: {
        model: 'gpt-image-1',
        prompt,
        images: [{ file_id: await upload(image) }],
        mask: { file_id: await upload(mask) },
      },
    })) as { data: { b64_json: string }[] };
    expect(fromBase64(answer.data[0]?.b64_json).length).toBeGreaterThan(100);
    const [call] = await callsFor(world, prompt);
    expect([call?.inputs[0]?.sha256, call?.mask?.sha256]).toEqual([sha(image), sha(mask)]);
  });
});
