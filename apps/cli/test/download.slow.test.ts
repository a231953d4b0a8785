import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBatch, endedBatch, lines } from '../../../test/batch-calls.js';
import { s3Server } from '../../../test/s3.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { startCountingWay, type CountingWay } from './counting-way.js';
import { rendermillOf, type Rendermill, type Running } from './run.js';

interface Row {
  custom_id: string;
  images: { bytes: number; sha256: string }[];
}

/** What `--json` tells. */
interface Told {
  pictures: number;
  fetched: number;
  bytes: number;
  failed: unknown[];
}

async function rowsOf(world: World, id: string): Promise<Row[]> {
  const { body } = await world.call<string>('GET', `/v1/batches/${id}/results`);
  return body
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row) as Row);
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const isThere = async (file: string, bytes: number): Promise<boolean> =>
  (await stat(file).catch(() => null))?.size === bytes;

async function batchOf(world: World, count: number): Promise<string> {
  const { id } = await createBatch(world, { requests: lines(count, 'mug') });
  expect((await endedBatch(world, id)).request_counts.completed).toBe(count);
  return id;
}

describe('from a directory store', () => {
  let world: World;
  let way: CountingWay;
  let rendermill: Rendermill;
  let id: string;
  let rows: Row[];
  beforeAll(async () => {
    world = await createWorld();
    way = await startCountingWay(world.url);
    rendermill = await rendermillOf({ url: way.url, key: world.key });
    id = await batchOf(world, 6);
    rows = await rowsOf(world, id);
  });
  afterAll(async () => {
    await way.close();
    await world.close();
    await rm(rendermill.folder, { recursive: true });
  });

  const sizes = (): number => rows.reduce((sum, { images }) => sum + (images[0]?.bytes ?? 0), 0);
  const passed = (): number => way.passed.splice(0).reduce((sum, { bytes }) => sum + bytes, 0);

  async function expectAll(folder: string): Promise<void> {
    expect(await readdir(folder)).toHaveLength(rows.length);
    for (const { custom_id, images } of rows) {
      const name = `${custom_id.replace(' ', '_')}~${custom_id.split(' ')[1]}-0.png`;
      expect(sha256(await readFile(join(folder, name)))).toBe(images[0]?.sha256);
    }
  }

  const partIn = async (folder: string): Promise<string | undefined> =>
    (await readdir(folder)).find((name) => name.endsWith('.part'));

  test('Ctrl-C in the middle of a picture and a second run fetch no byte twice', async () => {
    const folder = join(rendermill.folder, 'stopped');
    way.next = 'hold';
    const first = rendermill.start(['download', id, folder, '--parallel', '2']);
    await until(() => way.passed.length === rows.length);
    const [held] = way.passed;
    await until(async () => {
      const name = await partIn(folder);
      return name !== undefined && (await isThere(join(folder, name), held?.bytes ?? -1));
    });
    first.child.kill('SIGINT');
    await until(() => first.soFar.err.includes('Finishing'));
    first.child.kill('SIGINT');
    const { code, err } = await first.ended;
    expect(code).toBe(130);
    expect(err).toContain('5 pictures are here. Run the same command again');
    const before = passed();
    const second = await rendermill(['download', id, folder, '--json']);
    expect(second.code).toBe(0);
    expect(JSON.parse(second.out)).toMatchObject({ pictures: 6, fetched: 1, failed: [] });
    expect(way.passed.map(({ range }) => range)).toEqual([`bytes=${held?.bytes}-`]);
    expect(before + passed()).toBe(sizes());
    await expectAll(folder);
  });

  /** Held in the middle of its first picture, and asked once to stop. */
  async function stoppedOnce(folder: string): Promise<Running> {
    way.next = 'hold';
    const running = rendermill.start(['download', id, folder, '--parallel', '1']);
    await until(() => way.passed.length === 1);
    running.child.kill('SIGINT');
    await until(() => running.soFar.err.includes('Finishing'));
    return running;
  }

  test('one Ctrl-C finishes what is under way, and a second run begins behind it', async () => {
    const folder = join(rendermill.folder, 'finished');
    const first = await stoppedOnce(folder);
    way.release();
    const { code, err } = await first.ended;
    expect([code, err]).toEqual([130, expect.stringContaining('1 picture is here. Run the same command again')]);
    // Begun before, whole now, and nothing was begun after.
    const [name = '', ...others] = await readdir(folder);
    expect([others, way.passed.length]).toEqual([[], 1]);
    const sums = rows.map(({ images }) => images[0]?.sha256);
    expect(sums).toContain(sha256(await readFile(join(folder, name))));
    way.passed.splice(0);
    const second = await rendermill(['download', id, folder, '--json']);
    expect(JSON.parse(second.out)).toMatchObject({ pictures: 6, fetched: 5, failed: [] });
    way.passed.splice(0);
    await expectAll(folder);
  });

  test('what hangs after one Ctrl-C is left, and its part kept', async () => {
    const folder = join(rendermill.folder, 'hanging');
    const first = await stoppedOnce(folder);
    const { code, err } = await first.ended;
    expect([code, err]).toEqual([130, expect.stringContaining('0 pictures are here.')]);
    expect(await partIn(folder)).toBeDefined();
    const before = passed();
    expect((await rendermill(['download', id, folder])).code).toBe(0);
    expect(before + passed()).toBe(sizes());
    await expectAll(folder);
  });

  test('a connection that breaks is gone on with behind what has come', async () => {
    const folder = join(rendermill.folder, 'broken');
    way.next = 'hold';
    const running = rendermill.start(['download', id, folder]);
    await until(() => way.passed.length === rows.length);
    const [half] = way.passed;
    await until(async () => {
      const name = await partIn(folder);
      return name !== undefined && (await isThere(join(folder, name), half?.bytes ?? -1));
    });
    way.cut();
    const { code, out } = await running.ended;
    expect([code, out]).toEqual([0, expect.stringMatching(/^6 pictures in .*: 6 fetched now/)]);
    expect(way.passed.flatMap(({ range }) => range ?? [])).toEqual([`bytes=${half?.bytes}-`]);
    expect(passed()).toBe(sizes());
    await expectAll(folder);
  });

  test('a run with everything there asks for no picture', async () => {
    const folder = join(rendermill.folder, 'broken');
    expect((await rendermill(['download', id, folder])).out).toMatch(/^6 pictures in .*: 0 fetched now, 0 B/);
    expect(way.passed).toHaveLength(0);
  });

  test('a part that is not of the picture is found by its sha256, and fetched anew by the next run', async () => {
    const folder = join(rendermill.folder, 'broken');
    const [name = ''] = await readdir(folder);
    await rm(join(folder, name));
    await writeFile(join(folder, `${name}.part`), 'of another picture');
    const { code, err } = await rendermill(['download', id, folder]);
    expect([code, err]).toEqual([5, expect.stringContaining(`${name}: what came is not what was stored`)]);
    expect((await rendermill(['download', id, folder])).code).toBe(0);
    way.passed.splice(0);
    await expectAll(folder);
  });

  test('a file that was damaged since is fetched anew', async () => {
    const folder = join(rendermill.folder, 'broken');
    const [name = ''] = await readdir(folder);
    const { size } = await stat(join(folder, name));
    await writeFile(join(folder, name), Buffer.alloc(size));
    const { out } = await rendermill(['download', id, folder, '--json']);
    expect(JSON.parse(out)).toMatchObject({ fetched: 1, bytes: size });
    await expectAll(folder);
  });
});

const s3 = s3Server();
(s3 ? describe : describe.skip)('from a bucket', () => {
  test('the link that a picture redirects to is gone on with too', async () => {
    const world = await createWorld({ storageUrl: s3?.storageUrl() ?? '', env: { ...s3?.env } });
    const rendermill = await rendermillOf(world);
    try {
      const id = await batchOf(world, 2);
      const [row] = (await rowsOf(world, id)).filter(({ custom_id }) => custom_id === 'mug 1');
      const folder = join(rendermill.folder, 'all');
      const whole = JSON.parse((await rendermill(['download', id, folder, '--json'])).out) as Told;
      expect(whole).toMatchObject({ pictures: 2, fetched: 2, failed: [] });
      const file = join(folder, 'mug_1~1-0.png');
      const bytes = await readFile(file);
      expect(sha256(bytes)).toBe(row?.images[0]?.sha256);
      await rm(file);
      await writeFile(`${file}.part`, bytes.subarray(0, 1_000));
      const again = JSON.parse((await rendermill(['download', id, folder, '--json'])).out) as Told;
      expect(again).toMatchObject({ pictures: 2, fetched: 1, bytes: bytes.length - 1_000 });
      expect(sha256(await readFile(file))).toBe(row?.images[0]?.sha256);
    } finally {
      await world.close();
      await rm(rendermill.folder, { recursive: true });
    }
  });
});
