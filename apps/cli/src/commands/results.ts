import { open } from 'node:fs/promises';
import { chunksOf } from '@rendermill/client';
import { exitCodes, text, UsageError, type Command } from '../command.js';

const formats = ['jsonl', 'csv', 'zip'] as const;

export const results: Command = {
  usage: 'results BATCH [--format jsonl|csv|zip] [--output FILE]',
  summary: 'What has ended by now, a row per line of the batch, or the pictures as a ZIP.',
  options: { format: { type: 'string', short: 'f' }, output: { type: 'string', short: 'o' } },
  optionsHelp: [
    '--format, -f NAME  jsonl (the default), csv, or zip: pictures and rows',
    '--output, -o FILE  instead of stdout',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals } = run;
    const format = formats.find((name) => name === (text(run, 'format') ?? 'jsonl'));
    if (!format) throw new UsageError(`--format is one of ${formats.join(', ')}.`);
    const output = text(run, 'output');
    if (format === 'zip' && output === undefined && process.stdout.isTTY)
      throw new UsageError('A ZIP is not for the eye: add --output FILE.');
    const response = await client.batches.resultsFile(positionals[0] ?? '', format);
    const file = output === undefined ? null : await open(output, 'w');
    try {
      for await (const chunk of chunksOf(response)) await (file ? file.write(chunk) : terminal.write(chunk));
    } finally {
      await file?.close();
    }
    if (output !== undefined) terminal.say(`Written to ${output}.`);
    return exitCodes.done;
  },
};
