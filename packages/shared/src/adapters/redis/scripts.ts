import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/**
 * The Lua scripts: every change that must happen whole or not at all. Each file in `scripts/` is one change;
 * `prelude.lua` stands before each.
 */
const folder = new URL('./scripts/', import.meta.url);
const prelude = readFileSync(new URL('prelude.lua', folder), 'utf8');

/**
 * A client whose connection broke sends its command again, whether or not the first was run. Most scripts find by their
 * arguments that they have run. These cannot (a retry of a job that is retried looks like one that is refused): each call of
 * theirs has a name, under which its answer is kept. Not for those that run for every job, call or delivery: there are
 * too many.
 */
const remembered = new Set([
  'begin-batch',
  'begin-probe',
  'cancel-job',
  'change-batch',
  'close-batch',
  'delete-endpoint',
  'drop-file',
  'end-probe',
  'finalize-batch',
  'mark-again',
  'mend-lines',
  'pass-lines',
  'recover-deliveries',
  'resend-delivery',
  'retry-batch',
  'retry-job',
  'rotate-secret',
  'save-endpoint',
]);

/** Longer than a client waits for Redis to come back, but for one that nobody looks after. */
const rememberMs = 600_000;

interface Script {
  readonly lua: string;
  readonly sha: string;
  readonly remembered: boolean;
}

/** KEYS[2] is where the call's answer is kept; answers are texts, whole numbers and lists of them. */
const remember = (lua: string): string => `
local said = redis.call('GET', KEYS[2])
if said then return cjson.decode(said)[1] end
local function once()
${lua}
end
local answer = once()
redis.call('SET', KEYS[2], cjson.encode({ answer }), 'PX', ${rememberMs})
return answer`;

const scripts = new Map<string, Script>(
  readdirSync(folder)
    .filter((file) => file.endsWith('.lua') && file !== 'prelude.lua')
    .map((file) => {
      const name = file.slice(0, -'.lua'.length);
      const text = readFileSync(new URL(file, folder), 'utf8');
      const lua = `${prelude}\n${remembered.has(name) ? remember(text) : text}`;
      return [name, { lua, sha: createHash('sha1').update(lua).digest('hex'), remembered: remembered.has(name) }];
    }),
);

/** What a script answers, before its caller reads it. */
export type ScriptAnswer = string | number | null | ScriptAnswer[];

/** Their names. */
export const scriptNames: readonly string[] = [...scripts.keys()];

/** Runs the scripts against one Redis, under one key prefix. */
export class ScriptRunner {
  readonly client: Redis;
  /** `{rm}:`, the hash tag that all keys share. */
  readonly prefix: string;

  constructor(client: Redis, keyPrefix: string) {
    this.client = client;
    this.prefix = `{${keyPrefix}}:`;
  }

  async run(name: string, ...args: (string | number | Buffer)[]): Promise<ScriptAnswer> {
    const script = scripts.get(name);
    if (!script) throw new Error(`there is no script ${name}.lua`);
    const keys = script.remembered ? [this.prefix, this.key('said', randomUUID())] : [this.prefix];
    try {
      return (await this.client.evalsha(script.sha, keys.length, ...keys, ...args)) as ScriptAnswer;
    } catch (error) {
      // A Redis that was restarted or flushed has forgotten the script; it is sent whole, once.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return (await this.client.eval(script.lua, keys.length, ...keys, ...args)) as ScriptAnswer;
    }
  }

  /** A full key. */
  key(...parts: string[]): string {
    return this.prefix + parts.join(':');
  }
}
