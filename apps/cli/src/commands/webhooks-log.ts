import { itemsOf } from '@rendermill/client';
import { exitCodes, limitOf, oneOf, refuse, text, type Command, type Run } from '../command.js';
import { firstOf, pageOf, sayMore } from '../first.js';
import { clip, table, time } from '../format.js';

const endpointHelp = '--endpoint ID   the webhook endpoint, or url: what goes to the webhook_url of jobs and batches';

export const webhooksLog: Command = {
  usage: 'webhooks log [--endpoint ID] [--status NAME] [--limit N]',
  summary: 'The endpoints; of one of them the latest deliveries, and what came of them.',
  options: { endpoint: { type: 'string' }, status: { type: 'string' }, limit: { type: 'string' } },
  optionsHelp: [
    endpointHelp,
    '--status NAME   with --endpoint: pending, delivered or failed',
    '--limit N       how many at most (50)',
  ],
  arguments: { least: 0, most: 0 },
  run: async (run) => {
    const { client, terminal, json } = run;
    const id = text(run, 'endpoint');
    const limit = limitOf(run, 50);
    if (id === undefined) return endpoints(run, limit);
    const status = oneOf(run, 'status', ['pending', 'delivered', 'failed']);
    const query = { limit: pageOf(limit), ...(status === undefined ? {} : { status }) };
    const found = itemsOf((after) =>
      client.get('/v1/webhook_endpoints/{id}/deliveries', {
        params: { id },
        query: { ...query, ...(after && { after }) },
      }),
    );
    const page = await firstOf(found, limit);
    const rows = page.data.map((delivery) => {
      const last = delivery.attempts.at(-1);
      const came = last ? (last.http_status === null ? clip(last.error ?? '', 60) : String(last.http_status)) : '';
      return [delivery.id, delivery.status, String(delivery.attempts.length), came, time(delivery.created_at)];
    });
    if (json) terminal.print(JSON.stringify(page, null, 2));
    else if (rows.length === 0) terminal.say('There are none.');
    else terminal.print(table([['DELIVERY', 'STATUS', 'TRIES', 'LAST ANSWER', 'CREATED'], ...rows]));
    if (!json) sayMore(terminal, page);
    return exitCodes.done;
  },
};

async function endpoints(run: Run, limit: number) {
  const { client, terminal, json } = run;
  refuse(run, ['status'], 'only for deliveries; name their endpoint with --endpoint ID, or --endpoint url.');
  const found = itemsOf((after) =>
    client.get('/v1/webhook_endpoints', { query: { limit: pageOf(limit), ...(after && { after }) } }),
  );
  const page = await firstOf(found, limit);
  const rows = page.data.map(({ id, enabled, failing_since, url }) => [
    id,
    enabled ? (failing_since === null ? 'well' : `failing since ${time(failing_since)}`) : 'disabled',
    clip(url, 100),
  ]);
  if (json) terminal.print(JSON.stringify(page, null, 2));
  else if (rows.length === 0) terminal.say('There are no endpoints: docs/webhooks.md tells how to make one.');
  else terminal.print(table([['ENDPOINT', 'STATE', 'URL'], ...rows]));
  if (!json) sayMore(terminal, page);
  return exitCodes.done;
}

export const webhooksResend: Command = {
  usage: 'webhooks resend DELIVERY --endpoint ID',
  summary: 'Delivers once more, whatever came of it before: the same id and bytes, signed anew.',
  options: { endpoint: { type: 'string' } },
  optionsHelp: [endpointHelp, 'Deliveries: rendermill webhooks log --endpoint ID'],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const params = { id: text(run, 'endpoint') ?? 'url', delivery_id: positionals[0] ?? '' };
    const delivery = await client.post('/v1/webhook_endpoints/{id}/deliveries/{delivery_id}/resend', { params });
    terminal.print(json ? JSON.stringify(delivery, null, 2) : `${delivery.id} ${delivery.status}`);
    return exitCodes.done;
  },
};
