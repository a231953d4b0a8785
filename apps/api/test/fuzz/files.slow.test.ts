import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { endedBatch, jsonl, line, type BatchAnswer, type Refusal } from '../../../../test/batch-calls.js';
import { fc, runs } from '../../../../test/properties.js';
import { until } from '../../../../test/until.js';
import { uploadsOnDisk } from '../../../../test/uploads-on-disk.js';
import { createWorld, type Answer, type World } from '../../../../test/world.js';
import { endedJobs, endedLines } from './books.js';
import { mutated } from './mutate.js';

/** Files with bytes that are wrong, by every way in: refused or worked on, never a crash, nothing paid for a refused one. */

let world: World;
/** Calls that brought pictures. */
let bought = 0;
const accepted = new Set<string>();

beforeAll(async () => {
  world = await createWorld({ simulator: ['--pool', '2k'] });
});
afterAll(async () => world.close());

/** Something to lose in every part of the file. */
async function drawn(format: 'png' | 'jpeg' | 'webp'): Promise<Buffer> {
  const pixels = Buffer.from(Array.from({ length: 48 * 48 * 3 }, (_, i) => (i * i * 31 + (i % 7) * 13) % 256));
  return sharp(pixels, { raw: { width: 48, height: 48, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

function formWith(fields: Record<string, string>, name: string, bytes: Buffer, filename: string): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set(name, new Blob([new Uint8Array(bytes)]), filename);
  return form;
}

const upload = async (bytes: Buffer, filename: string, purpose: string): Promise<string> => {
  const form = formWith({ purpose }, 'file', bytes, filename);
  const { status, body } = await world.call<{ id: string }>('POST', '/v1/files', form);
  expect(status).toBe(200);
  return body.id;
};

/** A picture came of it and was paid, or it was refused for what it is. */
function count(answer: Answer<Refusal>): void {
  const job = answer.headers.get('x-rendermill-job');
  if (job !== null) accepted.add(job);
  if (answer.status === 200) bought += 1;
  else {
    expect([answer.status, answer.body.error.code]).toEqual([
      400,
      expect.stringMatching(
        /^(invalid_image|unsupported_image_format|animated_image|image_too_\w+|empty_image|invalid_mask)$/,
      ),
    ]);
  }
}

const edit = { prompt: 'an edit', model: 'gpt-image-1', quality: 'low' };

test.each(['png', 'jpeg', 'webp'] as const)('a %s with wrong bytes is worked on or refused', async (format) => {
  const bytes = await drawn(format);
  await fc.assert(
    fc.asyncProperty(mutated(bytes), fc.constantFrom('form', 'data URL', 'file'), async (picture, way) => {
      if (way === 'form') {
        count(await world.call<Refusal>('POST', '/v1/images/edits', formWith(edit, 'image', picture, 'a.png')));
        return;
      }
      const image =
        way === 'file'
          ? { file_id: await upload(picture, `a.${format}`, 'vision') }
          : { image_url: `data:image/${format};base64,${picture.toString('base64')}` };
      count(await world.call<Refusal>('POST', '/v1/images/edits', { ...edit, images: [image] }));
    }),
    { numRuns: runs(30) },
  );
});

test('a mask with wrong bytes is worked on or refused', async () => {
  const [image, mask] = [
    await drawn('png'),
    await sharp(await drawn('png'))
      .ensureAlpha(0.5)
      .png()
      .toBuffer(),
  ];
  await fc.assert(
    fc.asyncProperty(mutated(mask), async (bytes) => {
      const form = formWith(edit, 'image', image, 'a.png');
      form.set('mask', new Blob([new Uint8Array(bytes)]), 'mask.png');
      count(await world.call<Refusal>('POST', '/v1/images/edits', form));
    }),
    { numRuns: runs(20) },
  );
});

/** Runs to an end of its own, or is refused with a reason. */
async function batchOf(body: object): Promise<void> {
  const answer = await world.call<BatchAnswer & Refusal>('POST', '/v1/batches', body);
  if (answer.status !== 200) {
    expect([answer.status, typeof answer.body.error.code]).toEqual([400, 'string']);
    return;
  }
  const batch = await endedBatch(world, answer.body.id);
  expect(['completed', 'failed']).toContain(batch.status);
  expect(batch.status === 'failed').toBe(batch.errors !== null);
}

const rows = Array.from({ length: 8 }, (_, i) => i + 1);

test('lines with wrong bytes run as far as they can be read, or the batch says which cannot', async () => {
  const bytes = Buffer.from(jsonl(rows.map((i) => line(`sku-${i}`, { prompt: `a line ${i}, ünd möre` }))));
  await fc.assert(
    fc.asyncProperty(mutated(bytes), async (lines) => {
      const input_file_id = await upload(lines, 'lines.jsonl', 'batch');
      const shown = await world.call('POST', '/v1/batches/preview', { input_file_id });
      expect([200, 400]).toContain(shown.status);
      await batchOf({ input_file_id });
    }),
    { numRuns: runs(12) },
  );
});

test('a catalogue with wrong bytes is read as far as it can be, or refused', async () => {
  const bytes = Buffer.from(
    `sku,name,note\r\n${rows.map((i) => `${i},"Vase ""${i}""","two\r\nlines, ü"\r\n`).join('')}`,
  );
  const template = { custom_id: '{{ sku }}', prompt: 'A {{ name }}: {{ note }}', quality: 'low', size: '1024x1024' };
  await fc.assert(
    fc.asyncProperty(mutated(bytes), async (csv) => {
      const body = { input_file_id: await upload(csv, 'rows.csv', 'batch'), template };
      expect([200, 400, 422]).toContain((await world.call('POST', '/v1/estimates', body)).status);
      expect([200, 400]).toContain((await world.call('POST', '/v1/batches/preview', body)).status);
      await batchOf(body);
    }),
    { numRuns: runs(12) },
  );
});

test('nothing was paid for what was refused, and nothing of it was left', async () => {
  const [jobs, lines] = await Promise.all([endedJobs(world.call), endedLines(world.call)]);
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged).length;
  const ofLines = lines.reduce((sum, { paid_attempts }) => sum + paid_attempts, 0);
  expect([jobs.length, bought + ofLines]).toEqual([bought, charged]);
  const stored = new Set<string>();
  for await (const { key } of world.storage.list('default/jobs/')) stored.add(/job_\w+/.exec(key)?.[0] ?? key);
  expect([stored.size > 0, [...stored].filter((id) => !accepted.has(id))]).toEqual([true, []]);
  await until(async () => (await uploadsOnDisk(world)).length === 0);
  expect((await world.call('GET', '/healthz')).status).toBe(200);
  expect(world.logs.filter(({ event }) => event === 'request.failed' || event === 'batch.stuck')).toEqual([]);
});
