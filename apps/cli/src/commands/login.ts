import { exitCodes, UsageError, type Command } from '../command.js';
import { checkedUrl, connect, readSaved, save, urlOf } from '../settings.js';

export const login: Command = {
  usage: 'login [URL]',
  summary: 'Keeps address and key for the other commands, after trying them. The key is asked for, or piped in.',
  options: {},
  optionsHelp: ['URL   of the API (RENDERMILL_URL, or http://127.0.0.1:8080)'],
  arguments: { least: 0, most: 1 },
  run: async ({ env, positionals, terminal, json }) => {
    const saved = await readSaved(env);
    const url = positionals[0] === undefined ? urlOf(env, saved) : checkedUrl(positionals[0], 'URL');
    const key = (await terminal.askSecret(`API key for ${url}: `)).trim();
    if (key === '') throw new UsageError('No key came: type it, or pipe it in. `npm start` prints one.');
    const { data } = await connect(url, key, terminal.say).get('/v1/models');
    const file = await save(env, { url, api_key: key });
    if (json) terminal.print(JSON.stringify({ url, file, models: data.length }));
    else terminal.print(`${url} takes the key. Kept in ${file}`);
    return exitCodes.done;
  },
};
