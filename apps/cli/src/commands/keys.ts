import { itemsOf, type ApiKey, type CreateApiKey } from '@rendermill/client';
import { exitCodes, limitOf, number, refuse, someOf, text, UsageError, type Command, type Run } from '../command.js';
import { firstOf, pageOf, sayMore } from '../first.js';
import { clip, dollars, table, time } from '../format.js';

/** API keys. A key is shown once, on stdout and alone there, so that it can be piped into a secret store. */

const tenant = ['jobs:write', 'jobs:read', 'batches', 'files', 'webhooks', 'usage'] as const;
const scopes = [...tenant, 'admin', 'operator'] as const satisfies readonly CreateApiKey['scopes'][number][];

/** Sets of scopes that a key is usually made with; `admin` is all that the key may which makes it. */
const roles: Readonly<Record<string, string | null>> = {
  look: 'jobs:read,usage',
  order: 'jobs:write,jobs:read,batches,files,usage',
  admin: null,
};

export const keysList: Command = {
  usage: 'keys list [--project NAME] [--limit N]',
  summary: 'API keys: what they may do, and what was spent with them.',
  options: { project: { type: 'string' }, limit: { type: 'string' } },
  optionsHelp: ['--project NAME   only keys of this project', '--limit N        how many at most (100)'],
  arguments: { least: 0, most: 0 },
  run: async (run) => {
    const { client, terminal, json } = run;
    const project = text(run, 'project');
    const limit = limitOf(run, 100);
    const query = { limit: pageOf(limit), ...(project === undefined ? {} : { project }) };
    const found = itemsOf((after) => client.get('/v1/api_keys', { query: { ...query, ...(after && { after }) } }));
    const page = await firstOf(found, limit);
    const rows = page.data.map((key) => [
      key.id,
      key.project,
      clip(key.name, 30),
      key.key_hint,
      key.mode,
      key.spend_limit === null ? dollars(key.spent) : `${dollars(key.spent)} of ${dollars(key.spend_limit)}`,
      time(key.expires_at),
    ]);
    if (json) terminal.print(JSON.stringify(page, null, 2));
    else if (rows.length === 0)
      terminal.say('There are none but the admin key. To make one: rendermill keys create NAME');
    else terminal.print(table([['ID', 'PROJECT', 'NAME', 'KEY', 'MODE', 'SPENT', 'EXPIRES'], ...rows]));
    if (!json) sayMore(terminal, page);
    return exitCodes.done;
  },
};

export const keysCreate: Command = {
  usage: 'keys create NAME [--project NAME] [--test] [--role NAME | --scopes NAMES] [--spend-limit USD]',
  summary: 'Makes an API key, and its project where that is new. The key is shown once.',
  options: {
    project: { type: 'string' },
    test: { type: 'boolean' },
    role: { type: 'string' },
    scopes: { type: 'string' },
    'spend-limit': { type: 'string' },
    'expires-in-days': { type: 'string' },
  },
  optionsHelp: [
    '--project NAME         default',
    '--test                 what it orders is rendered by the built-in simulator, and costs nothing',
    '--role NAME            look (spends and changes nothing), order, or admin (all that your own key may)',
    `--scopes NAMES         with commas between (${tenant.join(',')})`,
    '--spend-limit USD      what it may spend',
    '--expires-in-days N    when it ends by itself',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const days = number(run, 'expires-in-days');
    const limit = number(run, 'spend-limit');
    const project = text(run, 'project') ?? 'default';
    const isTest = run.values['test'] === true;
    const body = {
      name: run.positionals[0] ?? '',
      project,
      mode: isTest ? 'test' : 'live',
      scopes: await scopesOf(run, project === 'default' && !isTest),
      ...(limit === undefined ? {} : { spend_limit: limit }),
      ...(days === undefined ? {} : { expires_at: Math.floor(Date.now() / 1_000 + days * 86_400) }),
    } as CreateApiKey;
    return shown(run, await run.client.post('/v1/api_keys', { body }));
  },
};

export const keysRotate: Command = {
  usage: 'keys rotate ID [--overlap-hours N]',
  summary: 'Gives a key another secret, shown once; the one so far works for a while more.',
  options: { 'overlap-hours': { type: 'string' } },
  optionsHelp: ['--overlap-hours N   how long (24); 0: not at all'],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const hours = number(run, 'overlap-hours');
    const params = { id: run.positionals[0] ?? '' };
    const body = hours === undefined ? {} : { overlap_hours: hours };
    return shown(run, await run.client.post('/v1/api_keys/{id}/rotate', { params, body }));
  },
};

export const keysRevoke: Command = {
  usage: 'keys revoke ID',
  summary: 'Ends a key: within a second nobody takes it any more. What it ordered goes on.',
  options: {},
  optionsHelp: ['ID   of `rendermill keys list`, not the key itself'],
  arguments: { least: 1, most: 1 },
  run: async ({ client, terminal, positionals, json }) => {
    const id = positionals[0] ?? '';
    if (id.startsWith('rm_')) throw new UsageError('Name the id of the key, key_…, not the key: rendermill keys list');
    if (!id.startsWith('key_')) throw new UsageError(`'${id}' is no id of a key (key_…): rendermill keys list`);
    const gone = await client.delete('/v1/api_keys/{id}', { params: { id } });
    terminal.print(json ? JSON.stringify(gone, null, 2) : `${id} revoked`);
    return exitCodes.done;
  },
};

async function scopesOf(run: Run, isOfOperators: boolean): Promise<readonly string[]> {
  const role = text(run, 'role');
  if (role === undefined) return someOf(run, 'scopes', scopes) ?? tenant;
  refuse(run, ['scopes'], 'say them, or --role.');
  const set = Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (set === undefined) throw new UsageError(`--role is ${Object.keys(roles).join(', ')}; '${role}' is none.`);
  if (set !== null) return set.split(',');
  const { scopes: own } = await run.client.get('/v1/api_keys/current');
  // `operator` is over all projects: only live keys of the first one have it.
  return own.filter((scope) => scope !== 'operator' || isOfOperators);
}

function shown({ terminal, json }: Run, made: ApiKey & { readonly key: string | null }) {
  terminal.print(json ? JSON.stringify(made, null, 2) : (made.key ?? ''));
  terminal.say(`${made.id}, project ${made.project}. The key is shown this once: keep it now.`);
  return exitCodes.done;
}
