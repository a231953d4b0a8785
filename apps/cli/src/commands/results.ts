import { open } from 'node:fs/promises';
import { chunksOf } from '@rendermill/client';
import { exitCodes, kindOf, text, UsageError, type Command, type Run } from '../command.js';

const formats = ['jsonl', 'csv', 'zip'] as const;

export const results: Command = {
  usage: 'results BATCH [--format jsonl|csv|zip] [--output FILE]',
  summary: 'What has ended by now, a row per line of the batch, or the pictures as a ZIP.',
  options: { format: { type: 'string', short: 'f' }, output: { type: 'string', short: 'o' } },
  optionsHelp: [
    '--format, -f NAME  jsonl (the default), csv, or zip: pictures and rows',
    '--output, -o FILE  instead of stdout',
    'With --json the rows are one document; with --output, what was written.',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const id = positionals[0] ?? '';
    if (kindOf(id) === 'job')
      throw new UsageError(`${id} is a job, and its pictures come by: rendermill download ${id}`);
    const format = formats.find((name) => name === (text(run, 'format') ?? 'jsonl'));
    if (!format) throw new UsageError(`--format is one of ${formats.join(', ')}.`);
    const output = text(run, 'output');
    if (format === 'zip' && output === undefined && process.stdout.isTTY)
      throw new UsageError('A ZIP is not for the eye: add --output FILE.');
    if (json && output === undefined) {
      if (format !== 'jsonl') throw new UsageError(`A ${format} is no JSON: leave out --json, or add --output FILE.`);
      await writeDocument(run, id);
      return exitCodes.done;
    }
    const response = await client.batches.resultsFile(id, format);
    let bytes = 0;
    const file = output === undefined ? null : await open(output, 'w');
    try {
      for await (const chunk of chunksOf(response)) {
        await (file ? file.appendFile(chunk) : terminal.write(chunk));
        bytes += chunk.length;
      }
    } finally {
      await file?.close();
    }
    if (json) terminal.print(JSON.stringify({ object: 'results', id, format, file: output, bytes }, null, 2));
    else if (output !== undefined) terminal.say(`Written to ${output}.`);
    return exitCodes.done;
  },
};

/** The rows as one list, written as they come: a batch may have a million. */
async function writeDocument({ client, terminal }: Run, id: string): Promise<void> {
  const encoder = new TextEncoder();
  let before = '{"object": "list", "data": [\n';
  for await (const row of client.batches.results(id)) {
    await terminal.write(encoder.encode(before + JSON.stringify(row)));
    before = ',\n';
  }
  await terminal.write(encoder.encode(before === ',\n' ? '\n]}\n' : `${before}]}\n`));
}
