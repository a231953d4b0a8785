import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Rendermill } from '@rendermill/client';
import { z } from 'zod';
import { UsageError } from './command.js';

/** Where Rendermill is and by which key: the environment, else what `rendermill login` kept. */

type Env = Readonly<Record<string, string | undefined>>;

const savedSchema = z.strictObject({ url: z.string().optional(), api_key: z.string().optional() });
type Saved = z.output<typeof savedSchema>;

export const settingsFile = (env: Env): string =>
  join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'rendermill', 'config.json');

export async function readSaved(env: Env): Promise<Saved> {
  const file = settingsFile(env);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '{}';
    throw new UsageError(`${file} cannot be read (${error.code}).`);
  });
  try {
    return savedSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${file} is not what 'rendermill login' writes: run it again, or delete the file.`;
    throw new UsageError(message, { cause });
  }
}

/** For its owner alone: it holds a key. */
export async function save(env: Env, saved: Saved): Promise<string> {
  const file = settingsFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return file;
}

export function checkedUrl(url: string, from: string): string {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new UsageError(`${from} is '${url}': it begins with http:// or https://.`);
  return url.replace(/\/+$/, '');
}

export function urlOf(env: Env, saved: Saved): string {
  if (env['RENDERMILL_URL']) return checkedUrl(env['RENDERMILL_URL'], 'RENDERMILL_URL');
  return checkedUrl(saved.url ?? 'http://127.0.0.1:8080', settingsFile(env));
}

/** So long a call without an answer is not worth a word, and no call that asks for little takes as long as the second. */
const [quietMs, quickMs] = [10_000, 30_000];

export function clientOf(env: Env, saved: Saved, say: (words: string) => void): Rendermill {
  const url = urlOf(env, saved);
  // A kept key is for the address that it was kept with: no other server gets to see it.
  const kept = saved.url === undefined || checkedUrl(saved.url, settingsFile(env)) === url ? saved.api_key : undefined;
  const apiKey = env['RENDERMILL_API_KEY'] || kept;
  if (!apiKey)
    throw new UsageError(
      `Set RENDERMILL_API_KEY to an API key for ${url}, or run 'rendermill login'; 'npm start' prints a key.`,
    );
  if (!/^[\x21-\x7e]+$/.test(apiKey.trim()))
    throw new UsageError(
      'The API key has signs that no key has: is it RENDERMILL_API_KEY, or what was kept, as it was shown?',
    );
  return connect(url, apiKey.trim(), say);
}

export const connect = (url: string, apiKey: string, say: (words: string) => void): Rendermill =>
  new Rendermill({ url, apiKey, quickMs, fetch: tellingFetch(url, say) });

/** Tells that an answer is late. What is asked to wait does, and what is piped in comes when it comes. */
function tellingFetch(url: string, say: (words: string) => void): typeof fetch {
  return async (input, init) => {
    const waits = (typeof input === 'string' && input.includes('wait=')) || init?.body instanceof ReadableStream;
    const timer = waits ? undefined : setTimeout(() => say(`No answer yet from ${url} …`), quietMs);
    try {
      return await fetch(input, init);
    } finally {
      clearTimeout(timer);
    }
  };
}
