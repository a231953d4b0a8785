import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CreateBatch, StoredFile } from '@rendermill/client';
import { headOf, refuseStranger } from './kind-of-file.js';
import { number, text, UsageError, type Command, type Run } from '../command.js';

/** A file of rows or lines, and the batch that becomes of it. */

export const inputOptions: Command['options'] = {
  template: { type: 'string', short: 't' },
  'group-by': { type: 'string' },
  encoding: { type: 'string' },
  delimiter: { type: 'string' },
};
export const inputOptionsHelp = [
  '--template, -t FILE  of a CSV, required: what each row becomes, as JSON; `rendermill template FILE.csv` writes one',
  '--group-by COLUMN    of a CSV: rows with the same value in it are one job',
  '--encoding NAME      of a CSV that is not UTF-8: shift_jis, gbk, windows-1252 …',
  '--delimiter SIGN     of a CSV, where it is not found by itself',
];

/** The body without its file, checked before anything is sent. */
export async function bodyOf(run: Run, file: string): Promise<Omit<CreateBatch, 'input_file_id'>> {
  const templateFile = text(run, 'template');
  if (/\.(csv|tsv|txt)$/i.test(file) && templateFile === undefined)
    throw new UsageError(
      `A CSV needs a template that says what each row becomes. To begin with one:\n  rendermill template ${file} > template.json\n  rendermill plan ${file} --template template.json`,
    );
  const given = templateFile === undefined ? {} : await readTemplate(templateFile);
  const encoding = text(run, 'encoding');
  const delimiter = text(run, 'delimiter')?.replace('\\t', '\t');
  const groupBy = text(run, 'group-by');
  const maxCost = number(run, 'max-cost');
  const name = text(run, 'name');
  const webhook = text(run, 'webhook-url');
  const priority = text(run, 'priority');
  const deadline = text(run, 'deadline');
  const csv = { ...given.csv, ...(encoding ? { encoding } : {}), ...(delimiter ? { delimiter } : {}) };
  // What is wrong with a value the API says, in words that name it.
  return {
    ...given,
    ...(Object.keys(csv).length > 0 ? { csv } : {}),
    ...(groupBy === undefined ? {} : { group_by: groupBy }),
    ...(maxCost === undefined ? {} : { max_cost: maxCost }),
    ...(name === undefined ? {} : { metadata: { ...given.metadata, name } }),
    ...(webhook === undefined ? {} : { webhook_url: webhook }),
    ...(priority === undefined ? {} : { priority }),
    ...(deadline === undefined ? {} : { deadline: secondsOf(deadline) }),
  } as Omit<CreateBatch, 'input_file_id'>;
}

/** The template alone, or with what stands beside it in a batch: `{"template": {…}, "group_by": …}`. */
async function readTemplate(file: string): Promise<Partial<CreateBatch>> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--template: ${file} cannot be read (${error.code}).`);
  });
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new UsageError(`--template: ${file} is no JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--template: ${file} holds no object; see docs/catalogues.md.`);
  const nested = (value as Partial<CreateBatch>).template;
  return typeof nested === 'object' ? value : { template: value as NonNullable<CreateBatch['template']> };
}

function secondsOf(when: string): number {
  const ms = /^\d{9,}$/.test(when) ? Number(when) * 1_000 : Date.parse(when);
  if (Number.isNaN(ms))
    throw new UsageError(`--deadline is a time, as 2030-01-31T18:00:00Z or unix seconds; '${when}' is none.`);
  return Math.floor(ms / 1_000);
}

/** `-` is what is piped in. */
export async function uploadInput(
  { client, terminal }: Run,
  file: string,
  csv: boolean,
  headers: Record<string, string> = {},
): Promise<StoredFile> {
  if (file === '-') return client.files.upload(process.stdin, csv ? 'stdin.csv' : 'stdin.jsonl', 'batch', { headers });
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code}).`);
  });
  if (!found.isFile()) throw new UsageError(`${file} is no file.`);
  if (found.size === 0) throw new UsageError(`${file} is empty.`);
  refuseStranger(file, await headOf(file, 8));
  if (found.size > 20_000_000) terminal.say(`Sending ${file} …`);
  return client.files.upload(await openAsBlob(file), basename(file), 'batch', { headers });
}
