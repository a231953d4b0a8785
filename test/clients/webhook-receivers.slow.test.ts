import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newWebhookSecret, signWebhook } from '@rendermill/shared/domain/webhook-signature';
import { until } from '../until.js';
import { hasLanguage, languages, startLanguage, type Running } from './receivers.js';

/** The receivers that docs/webhooks.md shows, against bodies that our own signer signed. */
const [secret, old, foreign] = [newWebhookSecret(), newWebhookSecret(), newWebhookSecret()];
const now = (): number => Math.floor(Date.now() / 1_000);
const bodyOf = (id: string): string =>
  JSON.stringify({
    object: 'event',
    id: `evt_${id}`,
    type: 'job.completed',
    created_at: now(),
    sequence: 1,
    data: { id: `job_${id}`, object: 'job', custom_id: 'Grüße / 商品 "1"' },
  });

for (const [name, language] of Object.entries(languages)) {
  const here = hasLanguage(language);
  (here ? describe : describe.skip)(`examples/webhooks/${language.file}`, () => {
    let receiver: Running;
    beforeAll(async () => {
      const started = await startLanguage(language, secret);
      if (typeof started === 'string') throw new Error(`${language.file} ended instead of listening: ${started}`);
      receiver = started;
    });
    afterAll(async () => receiver?.close());

    async function post(id: string, secrets: string[], timestamp = now(), change = (body: string): string => body) {
      const body = bodyOf(id);
      const headers = { ...signWebhook(secrets, `evt_${id}`, timestamp, body) };
      return (await fetch(receiver.url, { method: 'POST', headers, body: change(body) })).status;
    }
    const told = (id: string): boolean => receiver.said.some((line) => line.endsWith(`job.completed job_${id}`));

    test('takes what is signed, and tells of it', async () => {
      expect(await post('good', [secret])).toBe(204);
      await until(() => told('good'));
    });

    test('takes what carries two signatures, of which one is its own', async () => {
      expect(await post('first', [secret, old])).toBe(204);
      expect(await post('second', [old, secret])).toBe(204);
      await until(() => told('first') && told('second'));
    });

    test('refuses a body with one byte changed, and one signed with another secret', async () => {
      expect(await post('changed', [secret], now(), (body) => body.replace('job_changed', 'job_Changed'))).toBe(400);
      expect(await post('longer', [secret], now(), (body) => `${body} `)).toBe(400);
      expect(await post('foreign', [foreign])).toBe(400);
    });

    test('refuses a time more than five minutes off, however well it is signed', async () => {
      expect(await post('late', [secret], now() - 400)).toBe(400);
      expect(await post('early', [secret], now() + 400)).toBe(400);
    });

    test('refuses what has no signature at all, and tells of nothing that it refused', async () => {
      expect((await fetch(receiver.url, { method: 'POST', body: bodyOf('bare') })).status).toBe(400);
      expect(await post('last', [secret])).toBe(204);
      await until(() => told('last'));
      for (const id of ['Changed', 'changed', 'longer', 'foreign', 'late', 'early', 'bare'])
        expect(told(id)).toBe(false);
    });
  });

  (here ? test : test.skip)(`${name} takes nothing signed with an empty key where no secret is set`, async () => {
    const receiver = await startLanguage(language, 'whsec_');
    if (typeof receiver === 'string') {
      expect(receiver).toMatch(/secret/i);
      return;
    }
    try {
      const [time, body] = [String(now()), bodyOf('empty')];
      const signature = createHmac('sha256', '').update(`evt_1.${time}.${body}`).digest('base64');
      const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
      expect((await fetch(receiver.url, { method: 'POST', headers, body })).status).toBeGreaterThanOrEqual(400);
    } finally {
      await receiver.close();
    }
  });
}

test('docs/webhooks.md shows every receiver as it stands', () => {
  const folder = fileURLToPath(new URL('../../examples/webhooks', import.meta.url));
  const page = readFileSync(fileURLToPath(new URL('../../docs/webhooks.md', import.meta.url)), 'utf8');
  const files = readdirSync(folder).sort();
  expect(files).toEqual(
    Object.values(languages)
      .map(({ file }) => file)
      .sort(),
  );
  for (const file of files) expect(page).toContain(`\n${readFileSync(`${folder}/${file}`, 'utf8')}\`\`\`\n`);
});
