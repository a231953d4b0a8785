import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { liveBytes } from '@rendermill/shared/testing/live-memory';
import { endedBatch, jsonl, line, type Refusal } from '../../../../test/batch-calls.js';
import { makeKey } from '../../../../test/keys.js';
import { uploadsOnDisk } from '../../../../test/uploads-on-disk.js';
import { until } from '../../../../test/until.js';
import { createWorld, type World } from '../../../../test/world.js';
import { section, type Exception } from './corpus.js';
import { slackBytes } from './run-section.js';

/**
 * Section F of the corpus: files for batches. What is wrong with a file's contents is found when a batch is made of it, so
 * each file that is taken is sent all the way: the code is the batch's, its line's, or that of `POST /v1/batches`.
 */

let world: World;
let peak: number;
beforeAll(async () => {
  world = await createWorld();
  peak = process.resourceUsage().maxRSS;
});
afterAll(async () => world.close());

type Answer = { readonly status: number; readonly body: Partial<Refusal> & { readonly id?: string } };
type Send = () => Promise<Answer>;

const prompt = (n: number): string => `corpus row ${n}`;
const good = (n: number) => line(`row/${n}`, { prompt: prompt(n) });
const goodLine = (n: number): string => JSON.stringify(good(n));

/** A form with a file, and what a test wants otherwise. */
const form = (
  bytes: string | Buffer,
  fields: readonly (readonly [string, string])[] = [['purpose', 'batch']],
  name = 'lines.jsonl',
) => {
  const made = new FormData();
  for (const [field, value] of fields) made.append(field, value);
  made.append('file', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]), name);
  return made;
};
const post = async (body: unknown, headers?: Record<string, string>): Promise<Answer> =>
  world.call('POST', '/v1/files', body, headers);
const file =
  (bytes: string | Buffer, name?: string): Send =>
  async () =>
    post(form(bytes, undefined, name));
const lines = (...all: unknown[]): Send => file(jsonl(all));
const csv = (text: string | Buffer): Send => file(text, 'rows.csv');
const raw =
  (body: string, boundary = '; boundary=b'): Send =>
  async () =>
    post(body, { 'content-type': `multipart/form-data${boundary}` });
const part = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n';

/** The same line with something else in it. */
const changed = (n: number, over: Record<string, unknown>): unknown => ({ ...good(n), ...over });

const sends: Record<number, Send> = {
  223: lines(good(223)),
  224: file(''),
  225: file('\n\n\n'),
  226: file(`${goodLine(226)}\n\n${goodLine(226).replace('row/226', 'row/226b')}\n`),
  227: file(`${goodLine(227)}\r\n`),
  228: file(`\uFEFF${goodLine(228)}\n`),
  229: file(JSON.stringify([good(229)])),
  230: file(JSON.stringify(good(230), null, 2)),
  231: file(`${goodLine(231)}\n${goodLine(231).slice(0, 40)}`),
  232: lines(good(232), good(232)),
  233: lines(changed(233, { custom_id: undefined })),
  234: lines(changed(234, { custom_id: 7 })),
  235: lines(changed(235, { custom_id: '../../etc/passwd' })),
  236: lines(changed(236, { custom_id: '__proto__' })),
  237: lines(changed(237, { method: 'GET' })),
  238: lines(changed(238, { url: '/v1/chat/completions' })),
  239: lines(changed(239, { url: 'http://169.254.169.254/v1/images/generations' })),
  240: lines(changed(240, { body: [] })),
  241: lines(changed(241, { body: { prompt: prompt(241), n: -1 } })),
  242: lines(changed(242, { body: { prompt: prompt(242), image: 'x'.repeat(73 * 1024 * 1024) } })),
  243: file(
    `{"custom_id":"0","body":{}}\n${Array.from({ length: 1_000_000 }, (_, i) => `{"custom_id":"${i + 1}","body":{}}\n`).join('')}`,
  ),
  244: file(`${goodLine(244)}\n${`${' '.repeat(1_000)}\n`.repeat(4_300)}`),
  245: file(Buffer.concat([Buffer.from(goodLine(245)), Buffer.from([0xff, 0xfe, 0x0a])])),
  246: file(Buffer.from(`\uFEFF${goodLine(246)}\n`, 'utf16le')),
  247: file(gzipSync(goodLine(247))),
  248: file(`${goodLine(248).replace(/}$/, ',"__proto__":{"method":"GET"}}')}\n`),
  249: async () => post(form(goodLine(249), [['purpose', 'fun']])),
  250: async () => post(form(goodLine(250), [])),
  251: async () => {
    const empty = new FormData();
    empty.append('purpose', 'batch');
    return post(empty);
  },
  252: async () => {
    const two = form(goodLine(252));
    two.append('file', new Blob([goodLine(252)]), 'b.jsonl');
    return post(two);
  },
  253: async () =>
    post(
      form(goodLine(253), [
        ['purpose', 'batch'],
        ['purpose', 'batch'],
      ]),
    ),
  254: async () =>
    post(
      form(goodLine(254), [
        ['purpose', 'batch'],
        ['__proto__', 'x'],
      ]),
    ),
  255: async () =>
    post(
      form(
        goodLine(255),
        Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'] as const),
      ),
    ),
  256: file(goodLine(256), '../../../../etc/passwd'),
  257: file(Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'), 'setup.exe'),
  258: raw(`${part}${goodLine(258)}\r\n--b--\r\n`, ''),
  259: raw(`${part}${goodLine(259)}\r\n--b--\r\n`, '; boundary=other'),
  260: raw(`${part}${goodLine(260)}`),
  261: async () => post({ purpose: 'batch', file: goodLine(261) }),
  262: async () => {
    const { call } = await makeKey(world, { scopes: ['jobs:read'] });
    return call('POST', '/v1/files', form(goodLine(262)));
  },
  263: csv(`id,prompt\n263,${prompt(263)}\n`),
  264: csv(`264,${prompt(264)}\n264b,${prompt(264)}\n`),
  265: csv(`id,prompt,prompt\n265,${prompt(265)},x\n`),
  266: csv(`id,title\n266,${prompt(266)}\n`),
  267: csv(`id,prompt\n267,${prompt(267)},and,more\n`),
  268: csv(`id,prompt\n268,"${prompt(268)}\n`),
  269: csv('id,prompt\n'),
  270: csv(`id,prompt\n270,${prompt(270)}\0\n`),
  271: csv(`id,prompt\n271,${prompt(271)}\n271,${prompt(271)} again\n`),
  272: csv(`id,prompt,n\n272,${prompt(272)},abc\n`),
  273: csv(`id,prompt,__proto__\n273,${prompt(273)},x\n`),
  274: csv(`id,prompt\n"=HYPERLINK(""http://x"")",${prompt(274)}\n`),
};

/** OpenAI's `POST /v1/files` answers 200, and an unmodified client expects it. */
const taken = (code: string | null, because: string): Exception => ({ status: 200, code, because });
const accepted = (because = "OpenAI's status of a file that is taken is 200"): Exception => taken(null, because);
const failed = (code: string): Exception =>
  taken(code, 'what is in the lines is checked when a batch is made of them: the batch fails with');
const refused = (code: string): Exception =>
  taken(code, 'columns are free: what a template asks of them is checked when a batch is asked for');
const inFile = (code: string): Exception =>
  taken(code, 'the fault of one line is the error of that line: the others run');

const exceptions: Record<number, Exception> = {
  223: accepted(),
  225: failed('empty_file'),
  226: accepted('an empty line is none'),
  227: accepted(),
  228: accepted(),
  229: failed('invalid_json_line'),
  230: failed('invalid_json_line'),
  231: failed('invalid_json_line'),
  232: failed('duplicate_custom_id'),
  233: failed('missing_custom_id'),
  234: failed('invalid_custom_id'),
  235: accepted('a custom_id is any printable text, and no part of a path'),
  236: accepted('a custom_id is any printable text, and no key of an object'),
  237: failed('invalid_method'),
  238: failed('invalid_url'),
  239: failed('invalid_url'),
  240: failed('invalid_body'),
  241: inFile('invalid_parameter'),
  242: taken('line_too_long', 'a line has 72 MB, as it may carry an image of 50 MB; this one has 73'),
  243: taken('too_many_lines', 'a batch has a million lines; this one has one more'),
  244: accepted('files for batches have 2 GB: large-files.slow.test.ts'),
  245: failed('invalid_utf8'),
  246: failed('invalid_utf8'),
  247: failed('invalid_utf8'),
  248: inFile('forbidden_key'),
  256: accepted(),
  257: taken('invalid_utf8', "a file's name is a hint: what is in it counts, and this is no text"),
  263: accepted(),
  264: refused('invalid_parameter'),
  265: refused('invalid_csv'),
  266: refused('invalid_parameter'),
  267: inFile('invalid_csv'),
  268: inFile('invalid_csv'),
  269: failed('empty_file'),
  270: inFile('invalid_csv'),
  271: inFile('invalid_parameter'),
  272: inFile('invalid_parameter'),
  273: accepted('columns are free, and no keys of an object'),
  274: accepted('a custom_id is any printable text; results as CSV quote what a spreadsheet would run'),
};
const rows = section('F', exceptions);

const template = {
  model: 'gpt-image-1',
  quality: 'low',
  size: '1024x1024',
  custom_id: '{{ id }}',
  prompt: '{{ prompt }}',
};

/** What became of a file: the code of what refused it, its batch or its first line; null where all of it was rendered. */
async function outcome(n: number, { status, body }: Answer): Promise<[number, string | null]> {
  if (status !== 200) return [status, body.error?.code ?? null];
  const asked = {
    input_file_id: body.id,
    endpoint: '/v1/images/generations',
    ...(n >= 263 ? { template: n === 272 ? { ...template, n: '{{ n }}' } : template } : {}),
  };
  const made = await world.call<Partial<Refusal> & { id: string }>('POST', '/v1/batches', asked);
  if (made.status !== 200) return [status, made.body.error?.code ?? null];
  const batch = await endedBatch(world, made.body.id);
  const fault = batch.errors?.data[0]?.code;
  if (fault !== undefined) return [status, fault];
  if (batch.error_file_id === null) return [status, null];
  const { body: errors } = await world.call<string>('GET', `/v1/files/${batch.error_file_id}/content`);
  const first = JSON.parse(errors.split('\n')[0] ?? '') as { response: { body: Refusal } };
  return [status, first.response.body.error.code];
}

/** Rows of which something was bought: all of them but the twice-named row's second line. */
const bought = async (): Promise<string[]> => (await world.simulator.ledger()).map((call) => call.prompt ?? '').sort();

test('every row has its file here', () => {
  expect(Object.keys(sends).map(Number)).toEqual(rows.map(({ n }) => n));
});

test.each(rows)('row $n: $input is $status $code', async ({ n, status, code }) => {
  const send = sends[n];
  if (!send) throw new Error(`row ${n} has no file`);
  const before = await bought();
  expect(await outcome(n, await send())).toEqual([status, code]);
  const calls = { 226: 2, 271: 1 }[n] ?? (code === null ? 1 : 0);
  const prompts = (await bought()).filter((one) => !before.includes(one));
  expect(prompts).toEqual(Array.from({ length: calls }, () => prompt(n)));
  await until(async () => (await uploadsOnDisk(world)).length === 0);
  expect((await world.call('GET', '/healthz')).status).toBe(200);
});

test('a file of line ends alone keeps nobody busy', async () => {
  const answer = await file('\n'.repeat(1_100_000))();
  expect(await outcome(0, answer)).toEqual([200, 'invalid_request']);
  const body = { input_file_id: answer.body.id, endpoint: '/v1/images/generations' };
  const estimate = await world.call<Refusal>('POST', '/v1/estimates', body);
  expect([estimate.status, estimate.body.error.code]).toEqual([400, 'invalid_request']);
});

test('asked again, leaves memory as it was', async () => {
  const before = liveBytes();
  for (const { n } of rows) {
    const answer = await sends[n]?.();
    if (answer) await outcome(n, answer);
  }
  await until(async () => (await uploadsOnDisk(world)).length === 0);
  // What a connection or a form that just ended still holds goes within a moment.
  await until(async () => liveBytes() - before < slackBytes);
}, 300_000);

test('nothing answered 5xx, and no file was ever whole in memory', () => {
  const statuses = world.logs.flatMap(({ status }) => (typeof status === 'number' ? [status] : []));
  expect(statuses.length).toBeGreaterThan(rows.length);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  // Kilobytes. Most of it are the test's own bodies.
  expect(process.resourceUsage().maxRSS - peak).toBeLessThan(700_000);
});
