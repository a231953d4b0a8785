import { setTimeout as sleep } from 'node:timers/promises';
import type { AnswerOf, Provider } from '@rendermill/client';
import { exitCodes, text, UsageError, type Command, type ExitCode, type Run } from '../command.js';
import { dollars, table } from '../format.js';

type Answer = AnswerOf<'/v1/providers/{id}/probe', 'post'>;
type Quote = Extract<Answer, { object: 'probe_quote' }>;

/** How often a probe that runs is looked at. */
const lookMs = 1_000;

export const probe: Command = {
  usage: 'probe ACCOUNT [--model NAME] [--yes]',
  summary: 'Finds out what an account really takes, after saying what that costs.',
  options: { model: { type: 'string' }, yes: { type: 'boolean', short: 'y' } },
  optionsHelp: [
    '--model NAME    the model to ask for (the account’s default)',
    '--yes, -y       spend it without being asked: needed where there is no terminal',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, positionals } = run;
    const params = { id: positionals[0] ?? '' };
    const model = text(run, 'model');
    const quote = await client.post('/v1/providers/{id}/probe', { params, body: model === undefined ? {} : { model } });
    if (quote.object !== 'probe_quote') throw new Error('the API began a probe that nobody agreed to');
    const refused = await agree(run, quote);
    if (refused !== null) return refused;
    const begun = await client.post('/v1/providers/{id}/probe', { params, body: quote.consent });
    if (begun.object !== 'probe') throw new Error('the API answered with another quote');
    run.terminal.say(`${begun.id} runs; Ctrl-C leaves it to its end.`);
    return show(run, await ended(run, params.id, begun.id));
  },
};

/** Null where it may be spent. */
async function agree({ terminal, values, positionals, json }: Run, quote: Quote): Promise<ExitCode | null> {
  const { model, cost, excludes, calls } = quote;
  const rows = calls.map((call) => [dollars(call.cost), `${call.certain ? '' : 'perhaps '}${call.asks}`]);
  const most = cost.max === null ? 'at a price that is not known' : `${dollars(cost.expected)} to ${dollars(cost.max)}`;
  terminal.say(`A probe of ${model} at ${positionals[0]} asks for, ${most} in all:\n${table(rows)}`);
  if (excludes.length > 0)
    terminal.say(
      `Not counted, because nobody knows it: ${excludes.join(', ').replaceAll('_', ' ')}. It will cost more.`,
    );
  if (values['yes'] === true) return null;
  const yes = await terminal.confirm('Spend it?');
  if (yes) return null;
  if (yes === null) terminal.say('Nothing was spent. To spend it without a terminal, add --yes.');
  else terminal.say('Nothing was spent.');
  if (json) terminal.print(JSON.stringify(quote, null, 2));
  return exitCodes.notConfirmed;
}

async function ended({ client, terminal }: Run, account: string, id: string): Promise<Provider> {
  let told = 0;
  for (;;) {
    const provider = await client.get('/v1/providers/{id}', { params: { id: account } });
    if (provider.probe?.id !== id) throw new UsageError(`The probe ${id} is not the latest of this account any more.`);
    const done = provider.probe.calls.filter(({ came_to }) => came_to !== 'running');
    for (const { step, came_to, cost } of done.slice(told)) terminal.say(`${step}: ${came_to}, ${dollars(cost)}`);
    told = done.length;
    if (provider.probe.status !== 'running') return provider;
    await sleep(lookMs);
  }
}

function show({ terminal, json }: Run, provider: Provider): ExitCode {
  const { probe: last, profile } = provider;
  if (json) terminal.print(JSON.stringify({ probe: last, profile }, null, 2));
  else {
    const findings = profile.find(({ model }) => model === last?.model)?.findings ?? [];
    const rows = findings.map(({ feature, verdict, value, message, stale }) => [
      feature,
      value ?? verdict,
      `${stale === null ? '' : '(not used any more) '}${message ?? ''}`,
    ]);
    terminal.print(table([['FEATURE', 'FOUND', 'IT SAID'], ...rows]));
    terminal.say(`Spent ${dollars(last?.cost ?? null)}. Jobs are routed by this from now on.`);
  }
  if (last?.error) terminal.say(`The probe ended before everything was asked: ${last.error.message}`);
  return last?.status === 'completed' ? exitCodes.done : exitCodes.failed;
}
