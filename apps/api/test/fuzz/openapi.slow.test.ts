import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fc, runs, seed } from '../../../../test/properties.js';
import { upload, jsonl, line } from '../../../../test/batch-calls.js';
import { callWith } from '../../../../test/keys.js';
import { createWorld, type World } from '../../../../test/world.js';
import { routes } from '../../src/http/routes.js';
import { casesOf, type Case } from './cases.js';
import { complaintsOf } from './checks.js';
import { readDocument, Validators, type Document, type Operation } from './document.js';
import { known, type Known } from './examples.js';
import { endedJobs, endedLines } from './books.js';
import { faultsOf, requestOf, type Parties } from './requests.js';
import { Sender } from './send.js';
import { picture, refused, Things } from './things.js';

/**
 * Requests made from our own OpenAPI document: right by it, and with one thing wrong. Whatever comes, the answer is one
 * that the document tells of, and nobody pays for what was refused.
 */

/** Operations that something good was heard of. */
const reached = new Set<string>();
/** Jobs that answers named. */
const accepted = new Set<string>();

let world: World;
let document: Document;
let parties: Parties;
let good: Known;
let sender: Sender;
let before: number;
const validators = new Validators();

beforeAll(async () => {
  world = await createWorld({
    simulator: ['--pool', '2k'],
    env: { SYNC_WAIT_MS: '20000', RENDERMILL_TRUSTED_PROXIES: '127.0.0.1' },
  });
  await world.simulator.faults([{ when: { promptIncludes: refused }, fault: { kind: 'moderation_blocked' } }]);
  document = await readDocument(world.url);
  const [owner, stranger, { bytes, url }] = await Promise.all([
    Things.of(world, 'owner'),
    Things.of(world, 'stranger'),
    picture(),
  ]);
  parties = { owner, stranger, operator: world.key, picture: bytes };
  const own = { ...world, call: owner.key.call };
  const lines = await upload(own, jsonl([line('one', { prompt: 'a line' })]), 'lines.jsonl');
  const rows = await upload(own, 'sku,name\n1,mug\n2,vase\n', 'rows.csv');
  good = known(url, world.receiver.url, lines, rows);
  sender = new Sender(world.url);
  before = process.memoryUsage.rss();
});
afterAll(async () => {
  sender.close();
  await world.close();
});

function operationOf(id: string): Operation {
  const found = document.operations.find(({ operationId }) => operationId === id);
  if (!found) throw new Error(`the document does not tell of ${id}`);
  return found;
}

/** Sends a case; answers what is to be complained of. */
async function tried(operation: Operation, one: Case): Promise<string[]> {
  const sent = await requestOf(operation, one, parties);
  const answered = await sender.send(sent);
  const faults = faultsOf(operation, one, validators);
  const complaints = complaintsOf({ operation, one, faults, answered }, validators);
  if (answered.status < 400) reached.add(operation.operationId);
  const job = answered.headers['x-rendermill-job'];
  if (typeof job === 'string') accepted.add(job);
  return complaints;
}

test.each(routes)('$method $path answers as documented, whatever it is sent', async ({ operationId }) => {
  const operation = operationOf(operationId);
  const numRuns = runs(operation.requestBody ? 40 : 20);
  await fc.assert(
    fc.asyncProperty(casesOf(operation, good), async (one) => {
      expect(await tried(operation, one)).toEqual([]);
    }),
    // A seed of its own, or every operation would be asked alike.
    { numRuns, seed: seed + document.operations.indexOf(operation) },
  );
  expect([operationId, reached.has(operationId)]).toEqual([operationId, true]);
});

const fits = (path: string, template: string): boolean =>
  new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);

test('a method that a path does not take is 405, and a path that is none 404', async () => {
  for (const [path, methods] of document.methods) {
    // `preview` may be an id too.
    const taken = document.operations.filter((one) => fits(path, one.path)).map(({ method }) => method);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((one) => !taken.includes(one))) {
      const headers = { authorization: `Bearer ${world.key}` };
      const { status, headers: got, body } = await sender.send({ method, path, headers, body: null });
      const { error } = JSON.parse(body.toString()) as { error: { code: string } };
      expect([method, path, status, error.code]).toEqual([method, path, 405, 'method_not_allowed']);
      expect(String(got['allow']).split(', ').sort()).toEqual([...methods].sort());
    }
    const { status, headers } = await sender.send({
      method: 'GET',
      path: `${path}/none/such`,
      headers: {},
      body: null,
    });
    expect([path, status, headers['content-type']]).toEqual([path, 404, expect.stringMatching(/^application\/json\b/)]);
  }
});

test('nothing was bought but what was accepted, and memory stayed what it was', async () => {
  const { owner, stranger, operator } = parties;
  const calls = [owner.key.call, stranger.key.call, callWith(world, operator)];
  const jobs = (await Promise.all(calls.map(endedJobs))).flat();
  const [own, ofProbes] = [jobs.filter(({ probe }) => !probe), jobs.filter(({ probe }) => probe)];
  const named = new Set([...accepted, ...owner.jobs, ...stranger.jobs]);
  expect(own.filter(({ id }) => !named.has(id)).map(({ id }) => id)).toEqual([]);
  const lines = (await Promise.all(calls.map(endedLines))).flat();
  const paid = [...own, ...ofProbes, ...lines].reduce((sum, { paid_attempts }) => sum + paid_attempts, 0);
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged).length;
  expect([charged > 0, paid]).toEqual([true, charged]);
  expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 ** 2);
});
