import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/**
 * The Lua scripts: every change that must happen whole or not at all. Each file in `scripts/` is one change;
 * `prelude.lua` stands before each.
 */
const folder = new URL('./scripts/', import.meta.url);
const prelude = readFileSync(new URL('prelude.lua', folder), 'utf8');

interface Script {
  readonly lua: string;
  readonly sha: string;
}

const scripts = new Map<string, Script>(
  readdirSync(folder)
    .filter((file) => file.endsWith('.lua') && file !== 'prelude.lua')
    .map((file) => {
      const lua = `${prelude}\n${readFileSync(new URL(file, folder), 'utf8')}`;
      return [file.slice(0, -'.lua'.length), { lua, sha: createHash('sha1').update(lua).digest('hex') }];
    }),
);

/** What a script answers, before its caller reads it. */
export type ScriptAnswer = string | number | null | ScriptAnswer[];

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
    try {
      return (await this.client.evalsha(script.sha, 1, this.prefix, ...args)) as ScriptAnswer;
    } catch (error) {
      // A Redis that was restarted or flushed has forgotten the script; it is sent whole, once.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return (await this.client.eval(script.lua, 1, this.prefix, ...args)) as ScriptAnswer;
    }
  }

  /** A full key. */
  key(...parts: string[]): string {
    return this.prefix + parts.join(':');
  }
}
