import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, UsageError, type Command, type ExitCode, type Run } from '../command.js';
import { dollars, table } from '../terminal.js';

interface Quote {
  readonly model: string;
  readonly cost: { readonly expected: number | null; readonly max: number | null };
  readonly excludes: readonly string[];
  readonly calls: readonly { readonly asks: string; readonly cost: number | null; readonly certain: boolean }[];
  readonly consent: { readonly max_cost: number | null };
}

interface Probe {
  readonly id: string;
  readonly model: string;
  readonly status: 'running' | 'completed' | 'failed' | 'interrupted';
  readonly cost: number | null;
  readonly calls: readonly { readonly step: string; readonly came_to: string; readonly cost: number | null }[];
  readonly error: { readonly message: string } | null;
}

interface Provider {
  readonly probe: Probe | null;
  readonly profile: readonly {
    readonly model: string;
    readonly findings: readonly {
      readonly feature: string;
      readonly verdict: string;
      readonly value?: string;
      readonly message: string | null;
      readonly stale: string | null;
    }[];
  }[];
}

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
    const { client, values, positionals } = run;
    const path = `/v1/providers/${encodeURIComponent(positionals[0] ?? '')}`;
    const { model } = values;
    const quote = await client.call<Quote>('POST', `${path}/probe`, model === undefined ? {} : { model });
    const refused = await agree(run, quote);
    if (refused !== null) return refused;
    const begun = await client.call<Probe>('POST', `${path}/probe`, quote.consent);
    run.terminal.say(`${begun.id} runs; Ctrl-C leaves it to its end.`);
    return show(run, await ended(run, path, begun.id));
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

async function ended({ client, terminal }: Run, path: string, id: string): Promise<Provider> {
  let told = 0;
  for (;;) {
    const provider = await client.call<Provider>('GET', path);
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
