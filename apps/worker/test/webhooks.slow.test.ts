import { expect, test } from '@jest/globals';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { completed, deliveries, register, settled, signers } from '../../../test/webhook-calls.js';
import { createWorld } from '../../../test/world.js';

const minutes = 60_000;

/** These wait a minute and a quarter of one, side by side. */
test.concurrent(
  'G7 a worker that is killed between the receiver taking an event and its own record has it delivered again by another: the same id and bytes, and once in the log',
  async () => {
    const world = await createWorld({ worker: false });
    const workers: AppProcess[] = [];
    try {
      const endpoint = await register(world, '/killed', ['job.completed']);
      const killed = new Promise<void>((resolve) => {
        world.receiver.answer = () => {
          world.receiver.answer = () => ({ status: 200 });
          const [first] = workers;
          return { status: 200, hold: first?.kill('SIGKILL').then(() => resolve()) ?? Promise.resolve() };
        };
      });
      workers.push(await startApp('worker', world.env));
      await completed(world);
      await killed;
      expect(await deliveries(world, endpoint.id)).toMatchObject([{ status: 'pending', attempts: [] }]);
      workers.push(await startApp('worker', world.env));
      const [delivery] = await settled(world, endpoint.id, 'delivered');
      expect(delivery?.attempts).toHaveLength(1);
      const came = world.receiver.received;
      expect(came).toHaveLength(2);
      expect(new Set(came.map(({ body, headers }) => [headers['webhook-id'], body].join(' '))).size).toBe(1);
      expect(came.every((got) => signers(got, [endpoint.signing_secret]).length === 1)).toBe(true);
    } finally {
      await Promise.all(workers.map(async (worker) => worker.kill('SIGKILL')));
      await world.close();
    }
  },
  4 * minutes,
);

test.concurrent(
  'G2 a receiver that does not answer is given up after 15 s, tried again a minute later at the earliest, and holds up no other meanwhile',
  async () => {
    const world = await createWorld({ config: { webhook_schedule_seconds: [0, 1] } });
    try {
      let release: () => void = () => undefined;
      const hold = new Promise<void>((resolve) => (release = resolve));
      world.receiver.answer = ({ path }) => (path === '/silent' ? { status: 200, hold } : { status: 200 });
      const silent = await register(world, '/silent', ['job.completed']);
      const other = await register(world, '/other', ['job.completed']);
      await completed(world);
      await settled(world, other.id, 'delivered');
      await until(async () => (await deliveries(world, silent.id))[0]?.attempts.length === 1);
      const [delivery] = await deliveries(world, silent.id);
      expect(delivery).toMatchObject({
        status: 'pending',
        attempts: [{ http_status: null, error: 'no answer within 15000 ms' }],
      });
      // ±20 % of a minute, and never less.
      expect((delivery?.next_attempt_at ?? 0) * 1_000).toBeGreaterThan(Date.now() + 30_000);
      const wait = world.logs.findLast((line) => line['endpoint'] === silent.id)?.['next_ms'];
      expect(wait).toBeGreaterThanOrEqual(60_000);
      release();
      world.receiver.answer = () => ({ status: 200 });
      // The minute is over.
      await world.redis.zadd(`${world.prefix}outbox:${silent.id}`, Date.now(), delivery?.id ?? '');
      await world.redis.zadd(`${world.prefix}outbox`, Date.now(), silent.id);
      const [again] = await settled(world, silent.id, 'delivered');
      expect(again?.attempts.map(({ http_status }) => http_status)).toEqual([null, 200]);
      const came = world.receiver.received.filter(({ path }) => path === '/silent');
      expect(new Set(came.map(({ body, headers }) => [headers['webhook-id'], body].join(' '))).size).toBe(1);
    } finally {
      await world.close();
    }
  },
  2 * minutes,
);
