import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp, type AppProcess } from '../processes.js';
import { s3Server } from '../s3.js';
import { createWorld, type World } from '../world.js';
import { run } from './run.js';
import { callsFor, expectUntouched, fromBase64, jobsFor, noise, picture, sha } from './support.js';

/** curl, as people paste it. On a real S3 server where there is one: links then lead elsewhere. */
const s3 = s3Server();
let world: World;
beforeAll(async () => {
  world = await createWorld(s3 ? { env: s3.env, storageUrl: s3.storageUrl() } : {});
});
afterAll(async () => world.close());

const json = ['-H', 'Content-Type: application/json'];

/** curl with the key, as in every example; answers what it wrote to its standard output. */
const curl = async (path: string, ...args: string[]) =>
  run('curl', ['-sS', '-H', `Authorization: Bearer ${world.key}`, ...args, world.url + path], { cwd: world.dir });

interface Images {
  readonly data: { readonly b64_json: string; readonly url: string }[];
}
const readJson = async (file: string): Promise<Images> =>
  JSON.parse(await readFile(join(world.dir, file), 'utf8')) as Images;

const expectPicture = async (prompt: string, bytes: Uint8Array): Promise<void> =>
  expectUntouched(world, await jobsFor(world, prompt), [bytes]);

test('generates into a file', async () => {
  const prompt = 'by curl';
  const body = JSON.stringify({ model: 'gpt-image-1', prompt });
  const told = '%{http_code} %{content_type} %{size_download}';
  const ran = await curl('/v1/images/generations', ...json, '-d', body, '-o', 'made.json', '-w', told);
  const size = (await readFile(join(world.dir, 'made.json'))).length;
  expect(ran).toEqual({ code: 0, stdout: `200 application/json; charset=utf-8 ${size}`, stderr: '' });
  await expectPicture(prompt, fromBase64((await readJson('made.json')).data[0]?.b64_json));
});

test('follows the link of an answer with -L, without a key', async () => {
  const prompt = 'linked to curl';
  const body = JSON.stringify({ model: 'gpt-image-1', prompt, response_format: 'url' });
  await curl('/v1/images/generations', ...json, '-d', body, '-o', 'linked.json');
  const url = (await readJson('linked.json')).data[0]?.url ?? '';
  const args = ['-sSL', '--fail', '-o', 'linked.png', '-w', '%{num_redirects} %{content_type}', url];
  const { stdout } = await run('curl', args, { cwd: world.dir });
  expect(stdout).toBe(`${s3 ? 1 : 0} image/png`);
  await expectPicture(prompt, await readFile(join(world.dir, 'linked.png')));
});

test('follows the path of an image with -L and the key', async () => {
  const prompt = 'fetched with the key';
  const { id } = await world.ended((await world.submit({ prompt })).id);
  const { code } = await curl(`/v1/jobs/${id}/images/0`, '-L', '--fail', '-o', 'keyed.png');
  expect(code).toBe(0);
  await expectPicture(prompt, await readFile(join(world.dir, 'keyed.png')));
});

test('asks with -I what a link leads to, and may show it in a page from elsewhere', async () => {
  const job = await world.ended((await world.submit({ prompt: 'asked about' })).id);
  const [image] = job.images;
  const { stdout } = await run('curl', ['-sSIL', image?.url ?? '']);
  expect(stdout).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(stdout.toLowerCase()).toContain(`content-length: ${image?.bytes}\r\n`);
  const first = await fetch(image?.url ?? '', { redirect: 'manual' });
  await first.body?.cancel();
  expect([first.status, first.headers.get('cross-origin-resource-policy')]).toEqual([s3 ? 302 : 200, 'cross-origin']);
});

test.each([
  ['-F image=@', ['image=@a.png'], ['a.png']],
  ['-F image[]=@, once', ['image[]=@a.png'], ['a.png']],
  ['-F image[]=@, twice', ['image[]=@a.png', 'image[]=@b.png'], ['a.png', 'b.png']],
  ['-F image[0]=@', ['image[0]=@a.png', 'image[1]=@b.png'], ['a.png', 'b.png']],
  ['-F image=@…;type=application/octet-stream', ['image=@a.png;type=application/octet-stream'], ['a.png']],
])('edits with %s', async (how, fields, files) => {
  const sizes: Record<string, number> = { 'a.png': 64, 'b.png': 80 };
  for (const file of files) await writeFile(join(world.dir, file), await picture(sizes[file] ?? 0));
  const forms = [...fields, 'model=gpt-image-1'].flatMap((field) => ['-F', field]);
  await curl('/v1/images/edits', ...forms, '--form-string', `prompt=edited ${how}`, '-o', 'edited.json');
  await expectPicture(`edited ${how}`, fromBase64((await readJson('edited.json')).data[0]?.b64_json));
  const sent = await Promise.all(files.map(async (file) => sha(await readFile(join(world.dir, file)))));
  const [call] = await callsFor(world, `edited ${how}`);
  expect(call?.inputs.map(({ sha256, content_type }) => [sha256, content_type])).toEqual(
    sent.map((hash) => [hash, 'image/png']),
  );
});

describe('an upload of more than a megabyte', () => {
  const upload = ['-v', '-F', 'image[]=@large.png', '-F', 'prompt=large', '-o', 'large.json', '-w', '%{http_code}'];
  beforeAll(async () => writeFile(join(world.dir, 'large.png'), await noise(1_024)));

  test('waits for 100 Continue, and is told at once to go on', async () => {
    const { stdout, stderr } = await curl('/v1/images/edits', ...upload);
    expect(stderr).toMatch(/> Expect: 100-continue[^]*< HTTP\/1\.1 100 Continue[^]*< HTTP\/1\.1 200 OK/);
    expect(stdout).toBe('200');
    await expectPicture('large', fromBase64((await readJson('large.json')).data[0]?.b64_json));
  });

  test('with a wrong key is 401 and not a broken connection', async () => {
    const args = ['-sS', '-H', 'Authorization: Bearer rm_live_wrong', ...upload, `${world.url}/v1/images/edits`];
    const { code, stdout } = await run('curl', args, { cwd: world.dir });
    expect([code, stdout]).toEqual([0, '401']);
  });
});

test('sends a gzipped body', async () => {
  const prompt = 'by curl, squeezed';
  await writeFile(
    join(world.dir, 'body.json.gz'),
    gzipSync(JSON.stringify({ model: 'gpt-image-1', prompt, quality: 'low' })),
  );
  const body = ['-H', 'Content-Encoding: gzip', '--data-binary', '@body.json.gz'];
  await curl('/v1/images/generations', ...json, ...body, '--compressed', '-o', 'squeezed.json');
  await expectPicture(prompt, fromBase64((await readJson('squeezed.json')).data[0]?.b64_json));
});

describe('an API process', () => {
  let api: AppProcess;
  beforeAll(async () => {
    api = await startApp('api', world.env);
  });
  afterAll(async () => api.kill('SIGTERM'));

  test('keeps calm with a slow reader of a large answer', async () => {
    const body = JSON.stringify({ model: 'gpt-image-1', prompt: 'slowly read', n: 10 });
    const slow = ['-sS', '--limit-rate', '8M', '-H', `Authorization: Bearer ${world.key}`, ...json, '-d', body];
    const { code } = await run('curl', [...slow, '-o', 'slow.json', `${api.url}/v1/images/generations`], {
      cwd: world.dir,
    });
    expect([code, (await readJson('slow.json')).data.length]).toEqual([0, 10]);
    expect(api.log.join('')).not.toContain('MaxListenersExceededWarning');
  });
});
