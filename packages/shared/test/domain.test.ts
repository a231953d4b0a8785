import { describe, expect, test } from '@jest/globals';
import { fc } from '../../../test/properties.js';
import { backoff, maxTries, redeliveryWait, retryWait, webhookSchedule } from '@rendermill/shared/domain/backoff';
import { entryId, eventId, isId, newId } from '@rendermill/shared/domain/ids';
import { isTerminal, jobStatuses, transitions } from '@rendermill/shared/domain/job';
import { sniffImage } from '@rendermill/shared/domain/magic';
import { flexibleFault, modelRow, models, sizeFault } from '@rendermill/shared/domain/models';
import { imageKey, imageKeyPrefix, inputKey, recordKey } from '@rendermill/shared/domain/object-keys';
import { dollars } from '@rendermill/shared/domain/prices';
import { plannedCalls } from '@rendermill/shared/domain/routing';
import { isOutdated, seal, unseal } from '@rendermill/shared/domain/sealed-box';
import { linkProject, signPath, verifyPath } from '@rendermill/shared/domain/signed-links';
import { outputTokens } from '@rendermill/shared/domain/tokens';
import { urlExpiry } from '@rendermill/shared/domain/url-expiry';
import {
  isWebhookSecret,
  newWebhookSecret,
  signWebhook,
  verifyWebhook,
} from '@rendermill/shared/domain/webhook-signature';

describe('a job status', () => {
  test('that is terminal is left only by a user, and only for the queue', () => {
    for (const status of jobStatuses.filter(isTerminal)) {
      expect(transitions[status]).toEqual(status === 'completed' ? [] : ['queued']);
    }
  });

  test('that is not terminal can reach every end but the one it would have to skip work for', () => {
    expect(transitions.in_progress).toEqual(expect.arrayContaining(['completed', 'failed', 'cancelled', 'expired']));
    expect(transitions.queued).not.toContain('completed');
  });
});

describe('ids', () => {
  test('are recognised, unlike anything else', () => {
    expect(isId('job', newId('job'))).toBe(true);
    expect(isId('job', newId('whe'))).toBe(false);
    fc.assert(fc.property(fc.string(), (text) => isId('job', text) === /^job_[0-9A-Za-z]{22}$/.test(text)));
  });

  test('of events are the same for the same fact and differ by generation', () => {
    expect(eventId('job_1', 'job.completed', 1)).toBe(eventId('job_1', 'job.completed', 1));
    expect(eventId('job_1', 'job.completed', 1)).not.toBe(eventId('job_1', 'job.completed', 2));
  });

  test('of queue entries are free of what BullMQ refuses', () => {
    expect(entryId(newId('job'), 1, 2)).toMatch(/^job_[0-9A-Za-z]{22}\.1\.2$/);
  });
});

describe('waits', () => {
  test('grow, stay under their ceiling, and are never less than half of it', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, chance) => {
        const wait = backoff(attempt, 500, 60_000, () => chance);
        const ceiling = Math.min(60_000, 500 * 2 ** attempt);
        return wait >= Math.floor(ceiling / 2) && wait <= ceiling;
      }),
    );
  });

  test('of a job that never succeeds add up to minutes', () => {
    const total = Array.from({ length: maxTries }, (_, i) => retryWait(i, () => 1)).reduce(
      (sum, wait) => sum + wait,
      0,
    );
    expect(total).toBe(183_000);
  });

  test('of a webhook follow the standard over 75 h 35 min 5 s', () => {
    expect(webhookSchedule.reduce((sum, wait) => sum + wait, 0)).toBe(272_105);
    expect(redeliveryWait(1, webhookSchedule, null, false, () => 0.5)).toBe(5_000);
    expect(redeliveryWait(webhookSchedule.length, webhookSchedule, null, false, () => 0.5)).toBeNull();
  });

  test('of a webhook obey Retry-After between the wait and twice the wait, and give an overloaded receiver a minute', () => {
    expect(redeliveryWait(2, webhookSchedule, 3_600_000, false, () => 0.5)).toBe(600_000);
    expect(redeliveryWait(2, webhookSchedule, 1, false, () => 0.5)).toBe(300_000);
    expect(redeliveryWait(2, webhookSchedule, 1, false, () => 0)).toBe(300_000);
    for (const chance of [0, 0.5]) expect(redeliveryWait(1, webhookSchedule, null, true, () => chance)).toBe(60_000);
    expect(redeliveryWait(1, webhookSchedule, null, true, () => 1)).toBe(72_000);
  });
});

describe('money', () => {
  test.each([
    ['gpt-image-1', '1024x1024', 'low', 272],
    ['gpt-image-1', '1536x1024', 'high', 6_208],
    ['gpt-image-1', 'auto', 'auto', 6_240],
    ['gpt-image-2', '1024x1024', 'low', 196],
    ['gpt-image-2', '1024x1024', 'medium', 1_756],
    ['gpt-image-2', '1024x1024', 'high', 7_024],
    ['gpt-image-2', '1024x1536', 'high', 5_488],
    ['gpt-image-2', '2048x2048', 'medium', 3_568],
    ['gpt-image-2', '3840x2160', 'low', 371],
  ])('%s %s %s is %i output tokens, as published', (model, size, quality, tokens) => {
    expect(outputTokens(model, size, quality)).toBe(tokens);
  });

  test('tokens that nobody published are unknown, never nothing', () => {
    expect(outputTokens('gpt-image-2.6-flare', '1024x1024', 'max')).toBeNull();
    expect(outputTokens('sora_image')).toBeNull();
    expect(dollars(null)).toBeNull();
  });
});

describe('models', () => {
  test('say what they take', () => {
    expect(sizeFault(modelRow('gpt-image-1') ?? models[0]!, '1792x1024')).toBe(
      'gpt-image-1 makes 1024x1024, 1536x1024, 1024x1536 and auto',
    );
    expect(flexibleFault({ width: 1792, height: 936 })).toBe('width and height must both be divisible by 16');
    expect(flexibleFault({ width: 3840, height: 1024 })).toMatch(/3:1/);
    expect(flexibleFault({ width: 3840, height: 2160 })).toBeNull();
    expect(flexibleFault({ width: 512, height: 512 })).toMatch(/655,360/);
  });
});

describe('planned calls', () => {
  test('cover each index once, in order, none larger than one call makes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }), (n, perCall) => {
        const calls = plannedCalls(n, perCall);
        expect(calls.flat()).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(Math.max(...calls.map(({ length }) => length))).toBeLessThanOrEqual(perCall);
      }),
    );
  });
});

describe('object keys', () => {
  const job = { id: 'job_A', project: 'default', created_at: Date.UTC(2026, 10, 1, 23, 59, 59) };
  test('are made of the UTC day and the id', () => {
    expect(imageKey(job, 3, 'image/jpeg')).toBe('default/jobs/2026/11/01/job_A/3.jpg');
    expect(imageKeyPrefix(job, 3)).toBe('default/jobs/2026/11/01/job_A/3.');
    expect(inputKey(job, 'mask', 'image/png')).toBe('default/jobs/2026/11/01/job_A/inputs/mask.png');
    expect(recordKey(job)).toBe('default/jobs/2026/11/01/job_A/job.json');
  });
});

describe('webhook signatures', () => {
  const now = 1_750_287_018;
  test('verify with their secret, and with any of two during a rotation', () => {
    const [old, fresh] = [newWebhookSecret(), newWebhookSecret()];
    const headers = { ...signWebhook([fresh, old], 'evt_1', now, '{"a":1}') };
    expect([old, fresh, newWebhookSecret()].map((secret) => verifyWebhook(secret, headers, '{"a":1}', now))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('do not verify for another body, id or time, nor after five minutes', () => {
    const secret = newWebhookSecret();
    const headers = { ...signWebhook([secret], 'evt_1', now, 'body') };
    expect(verifyWebhook(secret, headers, 'bodY', now)).toBe(false);
    expect(verifyWebhook(secret, { ...headers, 'webhook-id': 'evt_2' }, 'body', now)).toBe(false);
    expect(verifyWebhook(secret, { ...headers, 'webhook-timestamp': String(now + 1) }, 'body', now)).toBe(false);
    expect([300, 301].map((later) => verifyWebhook(secret, headers, 'body', now + later))).toEqual([true, false]);
    expect(() => signWebhook([secret], 'evt.1', now, 'body')).toThrow('separator');
  });

  test('are the same as those of a real event of a provider', () => {
    // From the tests of OpenAI's own SDK (Apache-2.0), "taken from a real webhook event".
    const secret = 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=';
    const body =
      '{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}';
    const headers = signWebhook([secret], 'wh_685c059ae39c8190af8c71ed1022a24d', 1_750_861_210, body);
    expect(headers['webhook-signature']).toBe('v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=');
  });

  test('need a secret of 24 to 64 bytes', () => {
    expect(isWebhookSecret(newWebhookSecret())).toBe(true);
    expect(isWebhookSecret('whsec_c2hvcnQ=')).toBe(false);
    expect(isWebhookSecret('secret')).toBe(false);
  });
});

describe('signed links', () => {
  test.each(['default', 'acme'])('open their path in %s until they expire, and nothing else', (project) => {
    const path = '/v1/jobs/job_A/images/0';
    const place = { path, project };
    const link = new URL(signPath('key', place, 1_000), 'http://x');
    const [expires, signature] = [link.searchParams.get('expires') ?? '', link.searchParams.get('signature') ?? ''];
    expect([link.pathname, linkProject(link.searchParams.get('project') ?? undefined)]).toEqual([path, project]);
    expect(verifyPath(['key'], place, expires, signature, 1_000)).toBe(true);
    expect(verifyPath(['key'], place, expires, signature, 1_001)).toBe(false);
    expect(verifyPath(['key'], { ...place, path: '/v1/jobs/job_A/images/1' }, expires, signature, 1_000)).toBe(false);
    expect(verifyPath(['key'], { ...place, project: 'other' }, expires, signature, 1_000)).toBe(false);
    expect(verifyPath(['key'], place, '2000', signature, 1_000)).toBe(false);
    expect(verifyPath(['other'], place, expires, signature, 1_000)).toBe(false);
    expect(verifyPath(['key'], place, expires, signature.slice(0, 8), 1_000)).toBe(false);
  });
});

describe('a sealed secret', () => {
  const key = { current: 'key' };
  const sealed = seal(key, 'project|a', 'whsec_x');

  test('opens in its own place only, and not with a bit changed', () => {
    expect(unseal(key, 'project|a', sealed)).toBe('whsec_x');
    expect(() => unseal(key, 'project|b', sealed)).toThrow('authenticate');
    const bytes = Buffer.from(sealed, 'base64');
    for (const at of [5, 18, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unseal(key, 'project|a', changed.toString('base64'))).toThrow('authenticate');
    }
    expect(() => unseal(key, 'project|a', bytes.subarray(0, 17).toString('base64'))).toThrow('unknown form');
  });

  test('opens with the key before too, and says when it needs another', () => {
    expect(unseal({ current: 'new', previous: 'key' }, 'project|a', sealed)).toBe('whsec_x');
    expect(() => unseal({ current: 'new' }, 'project|a', sealed)).toThrow('RENDERMILL_SECRET_PREVIOUS');
    expect([isOutdated(key, sealed), isOutdated({ current: 'new', previous: 'key' }, sealed)]).toEqual([false, true]);
  });
});

describe('a result link', () => {
  const now = Date.UTC(2026, 10, 21);
  test.each([
    ['of S3', 'https://b.example/a.png?X-Amz-Date=20261121T000000Z&X-Amz-Expires=3600', now + 3_600_000],
    ['of a CDN', `https://b.example/a.png?Expires=${now / 1_000 + 60}`, now + 60_000],
    ['of Azure', 'https://b.example/a.png?se=2026-11-21T02%3A00%3A00Z', now + 7_200_000],
    ['that says nothing', 'https://b.example/a.png', now + 5_000],
  ])('%s dies when it says, or after the usual time', (_whose, url, expected) => {
    expect(urlExpiry(url, now, 5_000)).toBe(expected);
  });
});

describe('a file', () => {
  test.each([
    ['image/png', Buffer.from('89504e470d0a1a0a00', 'hex')],
    ['image/jpeg', Buffer.from('ffd8ffe0', 'hex')],
    ['image/webp', Buffer.from('RIFF0000WEBPVP8 ')],
    ['image/gif', Buffer.from('GIF89a')],
    ['image/svg+xml', Buffer.from('<?xml version="1.0"?>\n<!-- a -->\n<svg width="10">')],
    [null, Buffer.from('<html><svg></svg>')],
    [null, Buffer.from('89504e470a1a0a', 'hex')],
    [null, Buffer.alloc(0)],
  ])('is %p by its first bytes', (type, bytes) => {
    expect(sniffImage(bytes)).toBe(type);
  });
});
