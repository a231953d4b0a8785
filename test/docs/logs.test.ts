import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBatch, endedBatch, lines } from '../batch-calls.js';
import { until } from '../until.js';
import { createWorld, type LogLine, type World } from '../world.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/logs.md'), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

/** The text between a call's brackets. */
function inside(text: string, from: number): string {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')') depth--;
  }
  return text.slice(from, at - 1);
}

/** The names of what is logged: the last string of each call. */
function eventsIn(text: string): string[] {
  return [...text.matchAll(/(?:#log|\blog)\s*(?:\.(?:trace|debug|info|warn|error|fatal)|\[level\])\(/g)].flatMap(
    (match) => {
      const call = inside(text, match.index + match[0].length);
      const name = [...call.matchAll(/'([a-z_]+\.[a-z_]+)'|`(account\.)\$\{change\.kind\}`/g)].at(-1);
      if (!name) throw new Error(`a log line without a name: ${call}`);
      return name[2] ? ['account.parked', 'account.circuit_opened'] : [name[1] ?? ''];
    },
  );
}

const cells = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const named = (cell = ''): string[] => [...cell.matchAll(/`([a-z_.]+)`/g)].map(([, name = '']) => name);

describe('docs/logs.md', () => {
  test('names every event that is logged, and no other', () => {
    const logged = ['apps/api/src', 'apps/worker/src', 'packages/shared/src'].flatMap((folder) =>
      sources(folder).flatMap(eventsIn),
    );
    const told = page
      .split('\n')
      .filter((row) => row.startsWith('| `'))
      .flatMap((row) => named(cells(row)[0]));
    expect([...new Set(told.filter((name) => name.includes('.')))].sort()).toEqual([...new Set(logged)].sort());
  });

  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(async () => world.close());

  test('names every field of the wide lines', async () => {
    await world.call('POST', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'held' });
    const failed = await world.submit({ prompt: '[sim:moderation]', webhook_url: `${world.receiver.url}/job` });
    await world.ended(failed.id);
    const batch = await createBatch(world, { requests: lines(2, 'cup'), completion_window: '24h' });
    await endedBatch(world, batch.id);
    const wide = ['request.answered', 'job.attempted', 'job.finished', 'delivery.attempted', 'batch.finished'];
    const of = (event: string): LogLine[] => world.logs.filter((line) => line.event === event);
    await until(() => wide.every((event) => of(event).length > 0) && of('job.finished').length === 4);
    for (const event of [...wide, 'batch.validated']) {
      const section = page.split('\n### ').find((text) => text.split('\n')[0]?.includes(`\`${event}\``)) ?? '';
      const fields = new Set(section.split('\n').flatMap((row) => (row.startsWith('| `') ? named(cells(row)[0]) : [])));
      const common = new Set(['level', 'time', 'app', 'event', 'trace_id']);
      const found = new Set(of(event).flatMap((line) => Object.keys(line)));
      expect([event, [...found].filter((field) => !common.has(field) && !fields.has(field))]).toEqual([event, []]);
    }
    expect(
      of('job.finished')
        .filter((line) => line['batch'] === batch.id)
        .map((line) => Number(line['line']))
        .sort((a, b) => a - b),
    ).toEqual([1, 2]);
    const answered = of('request.answered').find((line) => line['path'] === '/v1/images/generations');
    expect(answered).toMatchObject({ project: 'default', key: 'admin', status: 200, route: '/v1/images/generations' });
  });
});
