import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endedBatch, jsonl, lines, createBatch, type BatchAnswer } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { rendermillOf, type Rendermill } from './run.js';

/** A catalogue by the command line, from its CSV to its pictures: every command is a process against a real API and worker. */

const catalogues = fileURLToPath(new URL('../../../examples/catalogues', import.meta.url));
const products = join(catalogues, 'shopify-products.csv');
const photos = join(catalogues, 'studio-photos.json');

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld();
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

const files = async (): Promise<number> =>
  (await world.call<{ data: unknown[] }>('GET', '/v1/files?purpose=batch')).body.data.length;
const charged = async (): Promise<number> => (await world.simulator.stats()).charged;

async function input(name: string, text: string): Promise<string> {
  const file = join(rendermill.folder, name);
  await writeFile(file, text);
  return file;
}

describe('before anything is spent', () => {
  test('a CSV without a template is told how to get one, and that one works', async () => {
    const { code, err } = await rendermill(['submit', products]);
    expect(code).toBe(2);
    expect(err).toContain(`rendermill template ${products} > template.json`);
    const made = await rendermill(['template', products]);
    expect(made.code).toBe(0);
    const template = await input('template.json', made.out);
    const plan = await rendermill(['plan', products, '--template', template, '--rows', '2']);
    expect({ code: plan.code, err: plan.err }).toMatchObject({ code: 0 });
    expect(plan.out).toContain('fjord-stoneware-mug');
    expect(plan.out).toContain('Studio product photograph: Fjord Stoneware Mug. A heavy 350 ml mug');
    expect(plan.err).not.toContain('at most');
  });

  test('rows that are left out, and a maximum that stops before the end, are told before anything is spent', async () => {
    const csv = await input('gap.csv', 'SKU,Title\r\nA-1,Mug\r\nA-2,\r\nA-3,Lamp\r\n');
    const template = await input('gap.json', (await rendermill(['template', csv])).out);
    const { err } = await rendermill(['submit', csv, '-t', template, '--max-cost', '0.06']);
    expect(err).toContain('Left out by the template\'s "when": 1 row.');
    expect(err).toContain('It stops at --max-cost 0.06: about 1 of 2 pictures.');
  });

  test('a CSV that is not UTF-8 is told, and its encoding goes into the template', async () => {
    const file = join(rendermill.folder, 'latin.csv');
    await writeFile(file, Buffer.from('Title;Größe\nTasse;groß\n', 'latin1'));
    expect(await rendermill(['template', file])).toMatchObject({ code: 2, err: expect.stringContaining('--encoding') });
    const made = await rendermill(['template', file, '--encoding', 'windows-1252']);
    expect([made.code, made.err]).toEqual([0, 'Columns: Title, Größe\n']);
    const template = await input(
      'latin.json',
      made.out.replace('{{ Title }}.', '{{ Title }}, {{ row[\\"Größe\\"] }}.'),
    );
    const plan = await rendermill(['plan', file, '--template', template]);
    expect({ code: plan.code, err: plan.err }).toMatchObject({ code: 0 });
    expect(plan.out).toContain('Tasse, groß.');
    await writeFile(file, Buffer.alloc(100));
    expect(await rendermill(['template', file])).toMatchObject({ code: 2, err: expect.stringContaining('no CSV') });
    expect((await rendermill(['template', file, '--encoding', 'klingon'])).err).toContain('klingon is no encoding');
  });

  test('plan shows rows as prompts and the price, and leaves nothing behind', async () => {
    const { code, out, err } = await rendermill(['plan', products, '-t', photos]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^ 1 {2}NK-MUG-350-TEAL {2}generation, gpt-image-\S+, 1024x1024, low, \$0\.\d+\n {4}Studio product/,
    );
    expect(err).toMatch(/^\d+ lines, \d+ pictures: \$\d+\.\d+/m);
    expect([await files(), await charged()]).toEqual([0, 0]);
  });

  test('jobs without one tells where those of a batch are', async () => {
    expect((await rendermill(['jobs'])).err).toBe(
      'No single jobs. For the lines of a batch: rendermill jobs --batch ID\n',
    );
    expect((await rendermill(['jobs', '--status', 'failed'])).err).toBe('There are none.\n');
  });

  test('where the quality is left to the model, the price is the most and says so; too low a limit is told', async () => {
    const file = await input('auto.csv', 'sku\nmug\n');
    const template = await input(
      'auto.json',
      '{"custom_id": "{{ sku }}", "prompt": "A {{ sku }}", "model": "gpt-image-1"}',
    );
    const { err } = await rendermill(['plan', file, '-t', template]);
    expect(err).toMatch(/^1 line, 1 picture: at most \$0\.\d+/m);
    expect(err).toContain('Its quality and size are left to the model and counted at the dearest');
    const asked = await rendermill(['submit', file, '-t', template, '--max-cost', '0.01']);
    expect(asked).toMatchObject({ code: 3, err: expect.stringContaining('with --max-cost 0.01 there may be none') });
    expect((await rendermill(['plan', products, '-t', photos])).err).not.toContain('left to the model');
  });

  test.each(['template', 'plan', 'submit'])('%s says what a file is that is no table', async (command) => {
    const png = join(rendermill.folder, 'pic.png');
    await writeFile(png, Buffer.from('89504e470d0a1a0a', 'hex'));
    const refused = await rendermill([command, png, ...(command === 'template' ? [] : ['-t', photos])]);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('is no CSV or JSONL but a PNG picture') });
    const sheet = join(rendermill.folder, 'sheet.xlsx');
    await writeFile(sheet, Buffer.from('504b030414000600', 'hex'));
    expect((await rendermill([command, sheet])).err).toContain('save the sheet as "CSV UTF-8"');
    expect(await files()).toBe(0);
  });

  test('plan tells which row would fail, and why', async () => {
    const rows = jsonl([
      ...lines(1, 'good'),
      ...lines(1, 'bad').map((one) => ({ ...one, body: { ...one.body, n: 99 } })),
    ]);
    const { code, out } = await rendermill(['plan', await input('faulty.jsonl', rows)]);
    expect(code).toBe(5);
    expect(out).toMatch(/^2 {2}bad 1 {2}\w+\n {3}n: /m);
    // However many are shown.
    const one = await rendermill(['plan', await input('faulty.jsonl', rows), '--rows', '1']);
    expect([one.code, one.out]).toEqual([5, expect.not.stringContaining('bad 1')]);
  });

  test('submit over a pipe tells the price, spends nothing without --yes, and leaves nothing behind', async () => {
    const { code, out, err } = await rendermill(['submit', products, '-t', photos]);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/lines, \d+ pictures: \$/);
    expect(err).toContain('add --yes');
    expect([await files(), await charged()]).toEqual([0, 0]);
  });

  test.each([
    ['a file that is not there', ['submit', 'none.jsonl'], 2, /none\.jsonl cannot be read \(ENOENT\)/],
    ['a template that is no JSON', ['plan', products, '-t', products], 2, /is no JSON/],
    ['a job that is not there', ['download', 'job_none', 'nowhere'], 1, /There is no job/],
    ['a batch that is not there', ['status', 'batch_none'], 1, /There is no batch.*not_found, request req_/s],
    ['a priority that is none', ['submit', products, '-t', photos, '--priority', 'high', '--yes'], 1, /low.*normal/],
    ['rows that are none', ['plan', products, '-t', photos, '--rows', '0'], 2, /--rows is 1 to 100/],
    ['a number that is none', ['submit', products, '-t', photos, '--max-cost', 'much'], 2, /--max-cost is a number/],
  ])('%s is told', async (_what, args, code, says) => {
    const ended = await rendermill(args);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(says);
    expect(await files()).toBe(0);
    expect(await readdir(rendermill.folder)).not.toContain('nowhere');
  });
});

describe('a batch with lines that fail', () => {
  let id: string;

  test('submit --watch tells failures as they come, their reasons and what to do, and ends with 5', async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'forbidden' }, fault: { kind: 'moderation_blocked' } }]);
    const rows = jsonl([...lines(3, 'fine'), ...lines(2, 'forbidden')]);
    const { code, out, err } = await rendermill(['submit', await input('five.jsonl', rows), '--yes', '--watch']);
    expect({ code, err }).toMatchObject({ code: 5 });
    const ended = /^(batch_\S+) completed: 3 of 5 lines completed, 2 failed, \$0\.0\d+$/m.exec(out);
    id = ended?.[1] ?? '';
    expect(id).not.toBe('');
    expect(err).toMatch(/failed: line [45] {2}forbidden \d {2}moderation_blocked: /);
    // What the provider refuses it refuses again: no retry is offered, and every line is named.
    expect(err).toMatch(
      /^2 lines: moderation_blocked, as: .*\n {2}forbidden 1, forbidden 2\n {2}this will fail again: /m,
    );
    expect(err).not.toContain('rendermill retry');
    // No terminal, no drawing.
    expect(out + err).not.toContain('\u001b');
  });

  test('jobs --batch tells which line failed and why', async () => {
    const { out } = await rendermill(['jobs', '--batch', id, '--status', 'failed']);
    expect(out.trim().split('\n')).toHaveLength(3);
    expect(out).toMatch(/forbidden 1 .* moderation_blocked: /);
    const { data } = JSON.parse((await rendermill(['jobs', '--batch', id, '--json'])).out) as {
      data: { line: number }[];
    };
    expect(data.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
  });

  test('status tells one batch, and lists the latest', async () => {
    const { out } = await rendermill(['status', id]);
    expect(out).toMatch(/^lines +5: 3 completed, 2 failed, 0 cancelled$/m);
    expect(out).toMatch(/^cost +\$0\.0\d+$/m);
    expect((await rendermill(['status'])).out).toMatch(new RegExp(`^${id} +completed +5/5 +2 `, 'm'));
  });

  test('retry by reason runs those lines alone', async () => {
    await world.simulator.faults([]);
    const before = await charged();
    const asked = await rendermill(['retry', id, '--error-code', 'moderation_blocked']);
    expect(asked).toMatchObject({ code: 3, err: expect.stringContaining('(moderation_blocked) will fail again') });
    const little = await rendermill(['retry', id, '--max-cost', '0.01', '--yes']);
    expect(little).toMatchObject({ code: 2, err: expect.stringMatching(/has cost \$0\.0\d+ already/) });
    const refused = await world.call('POST', `/v1/batches/${id}/retry`, { max_cost: 0.01 });
    expect(refused).toMatchObject({ status: 400, body: { error: { param: 'max_cost' } } });
    expect(await charged()).toBe(before);
    const { code, out, err } = await rendermill(['retry', id, '--error-code', 'moderation_blocked', '--yes', '-w']);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toContain('5 of 5 lines completed');
    expect(await charged()).toBe(before + 2);
  });

  test('results are rows on stdout, a table, or a file', async () => {
    const { out } = await rendermill(['results', id]);
    const ids = out
      .trim()
      .split('\n')
      .map((row) => (JSON.parse(row) as { custom_id: string }).custom_id);
    expect(ids.sort()).toEqual(['fine 1', 'fine 2', 'fine 3', 'forbidden 1', 'forbidden 2']);
    expect((await rendermill(['results', id, '-f', 'csv'])).out).toMatch(/^custom_id,line,status/);
    const file = join(rendermill.folder, 'results.zip');
    expect(await rendermill(['results', id, '-f', 'zip', '-o', file])).toMatchObject({ code: 0, out: '' });
    expect((await readFile(file)).subarray(0, 2).toString()).toBe('PK');
    const full = await rendermill(['results', id, '-o', '/dev/full', '--json']);
    expect(full).toMatchObject({ code: 2, err: expect.stringMatching(/^E[A-Z]+: .*\n$/) });
    expect(JSON.parse(full.out)).toMatchObject({
      error: { message: full.err.trim(), code: expect.stringMatching(/^E[A-Z]+$/) },
    });
  });
});

test('a batch without a fault ends with 0, and its id alone is on stdout', async () => {
  const rows = jsonl(lines(2, 'piped'));
  const { code, out } = await rendermill(['submit', '-', '--yes', '--name', 'from a pipe'], { input: rows });
  expect([code, out]).toEqual([0, expect.stringMatching(/^batch_\w+\n$/)]);
  const id = out.trim();
  const watched = await rendermill(['watch', id, '--json']);
  expect(watched.code).toBe(0);
  expect(JSON.parse(watched.out)).toMatchObject({ id, status: 'completed', metadata: { name: 'from a pipe' } });
});

test('the same submission under one --idempotency-key is one batch', async () => {
  const file = await input('once.jsonl', jsonl(lines(1, 'once')));
  const submit = async () => rendermill(['submit', file, '--yes', '--idempotency-key', 'catalogue-7']);
  const [first, second] = [await submit(), await submit()];
  expect([first.code, second.code, second.out]).toEqual([0, 0, first.out]);
  await endedBatch(world, first.out.trim());
});

test('a batch that fails its validation is told by line', async () => {
  const file = await input('broken.jsonl', `${jsonl(lines(1, 'whole'))}{"custom_id":\n`);
  const { code, err } = await rendermill(['submit', file, '--yes', '--watch']);
  expect(code).not.toBe(0);
  expect(err).toMatch(/^Line 2: /m);
});

test('pause, resume, cancel; Ctrl-C leaves the batch running and says how to look again', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'slow' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: lines(3, 'slow') });
  const state = async (): Promise<BatchAnswer> => (await world.call<BatchAnswer>('GET', `/v1/batches/${id}`)).body;
  await until(async () => (await state()).status === 'in_progress' && (await world.simulator.stats()).in_flight > 0);
  const watching = rendermill.start(['watch', id]);
  const paused = await rendermill(['pause', id]);
  expect(paused.out).toBe(`${id} paused\n`);
  expect(paused.err).toMatch(/^[123] lines? (is|are) under way and will still be rendered\.$/m);
  expect((await rendermill(['status', id])).out).toMatch(
    /^status +paused\n.*\ncost +\$0\.00 (so far|of about \$\S+ at most)$/m,
  );
  expect((await state()).paused_at).not.toBeNull();
  expect((await rendermill(['resume', id])).out).toBe(`${id} in_progress\n`);
  await until(() => watching.soFar.err.includes('0/3'));
  watching.child.kill('SIGINT');
  expect(await watching.ended).toMatchObject({ code: 130, err: expect.stringContaining(`rendermill watch ${id}`) });
  expect((await state()).status).toBe('in_progress');
  expect((await rendermill(['cancel', id])).out).toMatch(new RegExp(`^${id} cancell`));
  await world.simulator.release();
  await world.simulator.faults([]);
  expect((await endedBatch(world, id)).status).toBe('cancelled');
});

test('who reads the first line and goes is no error', async () => {
  const child = rendermill.start(['status', '--json']);
  child.child.stdout?.destroy();
  const { code, err } = await child.ended;
  expect([code, err]).toEqual([0, '']);
});

test('one job: watch, status, download', async () => {
  const { id } = await world.submit({ prompt: 'a lone mug' });
  const { code, out } = await rendermill(['watch', id]);
  expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`^${id} completed, \\$0\\.\\d+\\n$`))]);
  expect((await rendermill(['status', id])).out).toMatch(/^attempt 1 +sim: billed$/m);
  const folder = join(rendermill.folder, 'one');
  expect((await rendermill(['download', id, folder])).out).toMatch(/^1 picture in .*: 1 fetched now/);
  expect((await readFile(join(folder, `${id}-0.png`))).subarray(1, 4).toString()).toBe('PNG');
});
