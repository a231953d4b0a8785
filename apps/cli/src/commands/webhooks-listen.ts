import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, RendermillError, signWebhook, type Rendermill, type WebhookEvent } from '@rendermill/client';
import { someOf, text, UsageError, type Command, type Run } from '../command.js';
import { clip } from '../format.js';
import { checkedUrl } from '../settings.js';
import { Interrupted } from '../stop.js';

/** How often the events are asked for. */
const lookMs = 1_000;
/** How long the receiver on this machine may take. */
const answerMs = 30_000;

export const webhooksListen: Command = {
  usage: 'webhooks listen [--forward-to URL] [--since SEQUENCE] [--types NAMES]',
  summary: 'Shows events as they happen, and sends them, signed, to a receiver on this machine: no tunnel needed.',
  options: {
    'forward-to': { type: 'string' },
    secret: { type: 'string' },
    since: { type: 'string' },
    types: { type: 'string' },
  },
  optionsHelp: [
    '--forward-to URL    of the receiver: http://127.0.0.1:3000/webhooks',
    '--secret whsec_…    to sign with (one is made and shown)',
    '--since SEQUENCE    from behind this event on; 0: from the oldest (from now on)',
    '--types NAMES       only these, with commas between: job.failed,batch.completed',
  ],
  json: 'lines',
  arguments: { least: 0, most: 0 },
  run: async (run) => {
    const given = text(run, 'forward-to');
    const url = given === undefined ? null : checkedUrl(given, '--forward-to');
    const secret = text(run, 'secret') ?? `whsec_${randomBytes(24).toString('base64')}`;
    const { client, terminal, json } = run;
    let after = text(run, 'since') ?? (await newest(client));
    if (!/^\d{1,16}$/.test(after)) throw new UsageError('--since is the sequence number of an event, or 0.');
    if (text(run, 'types') !== undefined) someOf(run, 'types', (await client.get('/v1/webhook_event_types')).data);
    if (url !== null) terminal.say(`Signed with ${secret}`);
    terminal.say(`Listening behind event ${after}; Ctrl-C ends it.`);
    const stop = run.stop();
    try {
      for (;;) {
        for (const event of await next(run, after, stop.soon)) {
          const came = url === null ? '' : await forward(url, secret, event, stop.soon);
          if (json) terminal.print(JSON.stringify(event));
          else terminal.print(shown(event, came));
          if (json && came !== '') terminal.say(`${event.id}: ${came}`);
          after = String(event.sequence);
        }
        await sleep(lookMs, undefined, { signal: stop.soon });
      }
    } catch (error) {
      if (!stop.soon.aborted) throw error;
      terminal.say(`To go on from here: rendermill webhooks listen --since ${after}`);
      throw new Interrupted();
    } finally {
      stop.close();
    }
  },
};

function shown({ sequence, type, data }: WebhookEvent, came: string): string {
  const { id } = data;
  return `${sequence}  ${type}  ${typeof id === 'string' ? clip(id, 60) : ''}  ${came}`.trimEnd();
}

async function newest(client: Rendermill): Promise<string> {
  const { data } = await client.get('/v1/events', { query: { limit: 1, order: 'desc' } });
  return String(data[0]?.sequence ?? 0);
}

/** A restart of the API is outlived: the client has tried for a while by then, and the next look comes soon. */
async function next(run: Run, after: string, signal: AbortSignal): Promise<WebhookEvent[]> {
  const { client, terminal } = run;
  const types = text(run, 'types');
  try {
    const query = { after, limit: 100, ...(types === undefined ? {} : { types: types as never }) };
    return (await client.get('/v1/events', { query, signal })).data;
  } catch (error) {
    const passing = error instanceof ConnectionError || (error instanceof RendermillError && error.status >= 500);
    if (signal.aborted || !passing) throw error;
    terminal.say(error.message);
    return [];
  }
}

/** What the receiver said. */
async function forward(url: string, secret: string, event: WebhookEvent, stop: AbortSignal): Promise<string> {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', ...(await signWebhook(secret, event.id, body)) };
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(answerMs)]);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await response.body?.cancel();
    return `→ ${response.status}`;
  } catch (error) {
    if (stop.aborted) throw error;
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return `→ no answer (${cause?.code ?? message})`;
  }
}
