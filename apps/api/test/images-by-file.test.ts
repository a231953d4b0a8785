import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import type { FileRecord } from '@rendermill/shared/domain/files';
import { newFileId } from '@rendermill/shared/domain/ids';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { LedgerEntry } from '@rendermill/simulator';
import { callsFor, jobOf, picture, sha } from '../../../test/clients/support.js';
import { createWorld, type World } from '../../../test/world.js';

/** Images and masks that were uploaded before, and are named by their file's id. */

let world: World;
let image: Buffer;
let mask: Buffer;
let ids: { readonly image: string; readonly mask: string };
beforeAll(async () => {
  world = await createWorld();
  [image, mask] = [await picture(64), await picture(64, 0)];
});
beforeEach(async () => {
  ids = { image: await upload(image), mask: await upload(mask) };
});
afterAll(async () => world.close());

async function upload(bytes: Uint8Array, purpose = 'vision'): Promise<string> {
  const form = new FormData();
  form.append('purpose', purpose);
  form.append('file', new Blob([new Uint8Array(bytes)]), 'whatever.bin');
  return (await world.call<{ id: string }>('POST', '/v1/files', form)).body.id;
}

async function bought(prompt: string): Promise<LedgerEntry | undefined> {
  const calls = await callsFor(world, prompt);
  expect(calls).toHaveLength(1);
  return calls[0];
}

const model = 'gpt-image-1';

describe('an image by file_id', () => {
  test('is edited, with its mask: the provider gets the bytes of both', async () => {
    const prompt = 'edited by id';
    const images = [{ file_id: ids.image }, { file_id: ids.image }];
    const body = { prompt, model, images, mask: { file_id: ids.mask } };
    const { status, headers } = await world.call('POST', '/v1/images/edits', body);
    expect(status).toBe(200);
    const call = await bought(prompt);
    expect(call?.inputs.map(({ sha256 }) => sha256)).toEqual([sha(image), sha(image)]);
    expect(call?.mask?.sha256).toBe(sha(mask));
    const { id } = await jobOf(world, headers);
    expect((await world.ended(id)).status).toBe('completed');
  });

  test('in a body for generations makes it an edit', async () => {
    const prompt = 'generated from an id';
    const body = { prompt, model, image: { file_id: ids.image } };
    expect((await world.call('POST', '/v1/images/generations', body)).status).toBe(200);
    expect((await bought(prompt))?.inputs).toMatchObject([{ sha256: sha(image) }]);
  });

  test('is turned upright like one that is uploaded', async () => {
    const turned = await sharp(image).resize(64, 32).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { id, request } = await world.submit({ type: 'edit', image: { file_id: await upload(turned) } });
    expect(request['images']).toMatchObject([{ width: 32, height: 64 }]);
    expect((await world.ended(id)).status).toBe('completed');
  });

  test('is kept by its job: the file may be deleted as soon as the job is taken', async () => {
    await world.worker?.drain(5_000);
    const prompt = 'outlives its file';
    const job = await world.submit({
      type: 'edit',
      prompt,
      image: { file_id: ids.image },
      mask: { file_id: ids.mask },
    });
    for (const id of [ids.image, ids.mask]) expect((await world.call('DELETE', `/v1/files/${id}`)).status).toBe(200);
    await world.startWorker();
    expect((await world.ended(job.id)).status).toBe('completed');
    expect((await bought(prompt))?.inputs).toMatchObject([{ sha256: sha(image) }]);
  });

  test('may be gone when its request is repeated by Idempotency-Key', async () => {
    const prompt = 'repeated without its file';
    const edit = async (file_id: string) =>
      world.call('POST', '/v1/images/edits', { prompt, model, image: { file_id } }, { 'idempotency-key': 'edit-1' });
    const first = await edit(ids.image);
    await world.call('DELETE', `/v1/files/${ids.image}`);
    const again = await edit(ids.image);
    // The same picture; its link may end a second later.
    const pictures = ({ body }: typeof first) =>
      (body as unknown as { data: { b64_json: string }[] }).data.map(({ b64_json }) => b64_json);
    expect([again.status, pictures(again)]).toEqual([200, pictures(first)]);
    expect((await edit(ids.mask)).status).toBe(422);
    await bought(prompt);
  });

  test('is estimated for', async () => {
    const body = { type: 'edit', prompt: 'x', model, image: { file_id: ids.image } };
    expect((await world.call('POST', '/v1/estimates', body)).status).toBe(200);
  });
});

describe('is refused before anything is paid:', () => {
  const refusal = async (body: Record<string, unknown>, path = '/v1/jobs') => {
    const type = path === '/v1/jobs' ? { type: 'edit' } : {};
    const before = (await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs')).body.data.length;
    const answer = await world.call<{ error: { code: string; param: string; message: string } }>('POST', path, {
      ...type,
      prompt: 'refused',
      model,
      ...body,
    });
    expect((await world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs')).body.data).toHaveLength(before);
    expect(await callsFor(world, 'refused')).toEqual([]);
    return [answer.status, answer.body.error.code, answer.body.error.param];
  };

  /** A record without bytes. */
  const planted = async (fields: Partial<FileRecord>): Promise<string> => {
    const id = newFileId();
    const store = new FileStore(new ScriptRunner(world.redis, world.env['REDIS_KEY_PREFIX'] ?? ''));
    const rest = {
      project: 'default',
      key: `default/files/${id}`,
      bytes: 9,
      filename: 'a.png',
      purpose: 'vision',
    } as const;
    const file: FileRecord = { id, ...rest, created_at: Date.now(), expires_at: null, ...fields };
    await store.save(file, { key: '', fingerprint: '' });
    return id;
  };

  test.each<[string, () => Promise<string>, string]>([
    ['a file that nobody has', async () => newFileId(), 'image_file_not_found'],
    ['what is no id', async () => '../../etc/passwd', 'image_file_not_found'],
    ['the id of a job', async () => 'job_0000000000000000000000', 'image_file_not_found'],
    ["another project's file", async () => planted({ project: 'other' }), 'image_file_not_found'],
    ['an expired file', async () => planted({ expires_at: Date.now() - 1 }), 'image_file_not_found'],
    ['a file whose bytes are gone', async () => planted({}), 'image_file_not_found'],
    ['a file of more than 50 MB', async () => planted({ bytes: 60_000_000 }), 'image_too_large'],
    [
      'a file that is no image',
      async () => upload(Buffer.from('{"custom_id":"a"}'), 'batch'),
      'unsupported_image_format',
    ],
    ['a broken image', async () => upload(image.subarray(0, image.length - 20)), 'invalid_image'],
  ])('%s', async (_what, file, code) => {
    const reference = { file_id: await file() };
    expect(await refusal({ image: reference })).toEqual([400, code, 'image']);
    expect(await refusal({ images: [{ file_id: ids.image }, reference] })).toEqual([400, code, 'images.1']);
    expect(await refusal({ image: { file_id: ids.image }, mask: reference }, '/v1/images/edits')).toEqual([
      400,
      code,
      'mask',
    ]);
    expect(await refusal({ image: reference }, '/v1/images/generations')).toEqual([400, code, 'image']);
  });

  test('a mask of another size', async () => {
    const other = { file_id: await upload(await picture(80, 0)) };
    expect(await refusal({ image: { file_id: ids.image }, mask: other })).toEqual([400, 'mask_size_mismatch', 'mask']);
  });

  test('both an id and a URL', async () => {
    const both = { file_id: ids.image, image_url: 'https://example.com/a.png' };
    expect((await refusal({ images: [both] }))[0]).toBe(400);
  });
});
