import type { Provider } from '@rendermill/client';
import { exitCodes, type Command } from '../command.js';
import { dollars, table } from '../format.js';

function stateOf({ parked, circuit }: Provider): string {
  if (parked) return `parked: ${parked.reason}`;
  return circuit === 'closed' ? 'well' : `circuit ${circuit}`;
}

const row = (provider: Provider): string[] => [
  provider.id,
  provider.preset,
  `${provider.in_use.calls}/${provider.limits.concurrency}`,
  String(provider.waiting_jobs),
  dollars(provider.spend_today.billed.cost),
  provider.probe ? `${provider.probe.model} ${provider.probe.status}` : 'never',
  stateOf(provider),
];

export const providers: Command = {
  usage: 'providers',
  summary: 'The provider accounts and how they stand.',
  options: {},
  optionsHelp: [],
  arguments: { least: 0, most: 0 },
  run: async ({ client, terminal, json }) => {
    const answer = await client.get('/v1/providers');
    const heads = ['ACCOUNT', 'PRESET', 'CALLS', 'WAITING', 'TODAY', 'PROBED', 'STATE'];
    terminal.print(json ? JSON.stringify(answer, null, 2) : table([heads, ...answer.data.map(row)]));
    return exitCodes.done;
  },
};
