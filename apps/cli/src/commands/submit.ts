import { RendermillError, type Batch, type CreateBatch } from '@rendermill/client';
import { bodyOf, inputOptions, inputOptionsHelp, uploadInput } from '../batch/input.js';
import { agreed, estimateOf, leftToModel, sayPrice, sayTooLittle } from '../batch/price.js';
import { follow } from '../batch/follow.js';
import { exitCodes, text, type Command, type Run } from '../command.js';
import { Interrupted } from '../stop.js';

export const submit: Command = {
  usage: 'submit FILE [--template FILE] [--watch] [--yes]',
  summary: 'Submits a catalogue (CSV with a template) or a batch (JSONL), after saying what it costs.',
  options: {
    ...inputOptions,
    'max-cost': { type: 'string' },
    name: { type: 'string' },
    priority: { type: 'string' },
    deadline: { type: 'string' },
    'webhook-url': { type: 'string' },
    'idempotency-key': { type: 'string' },
    watch: { type: 'boolean', short: 'w' },
    yes: { type: 'boolean', short: 'y' },
  },
  optionsHelp: [
    'FILE                 .csv, .jsonl, or - for what is piped in (JSONL; CSV with --template)',
    ...inputOptionsHelp,
    '--max-cost USD       what it may cost at most; what is left then fails, and can be run again',
    '--name TEXT          to know it by',
    '--priority NAME      low (the default) or normal',
    '--deadline TIME      what has not begun by then expires',
    '--webhook-url URL    is told when it ends',
    '--idempotency-key K  a second submission under the same key is the same batch',
    '--watch, -w          looks on until it has ended',
    '--yes, -y            spend it without being asked: needed where there is no terminal',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { terminal, positionals, json } = run;
    const file = positionals[0] ?? '';
    const body = await bodyOf(run, file);
    const key = text(run, 'idempotency-key');
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const stored = await uploadInput(run, file, body.template !== undefined, headers);
    const batch = await order(run, { ...body, input_file_id: stored.id }, headers).catch(async (error: unknown) => {
      // Where no answer came there may be a batch, and the file is its input.
      if (error instanceof Interrupted || (error instanceof RendermillError && error.status < 500))
        await forget(run, stored.id);
      throw error;
    });
    if (!batch) {
      await forget(run, stored.id);
      return exitCodes.notConfirmed;
    }
    if (run.values['watch'] !== true) {
      terminal.print(json ? JSON.stringify(batch, null, 2) : batch.id);
      terminal.say(`To look on: rendermill watch ${batch.id}`);
      return exitCodes.done;
    }
    terminal.say(`${batch.id} is submitted; Ctrl-C leaves it to its end.`);
    return follow(run, batch.id);
  },
};

/** Null where nobody wants to spend it. */
async function order(run: Run, body: CreateBatch, headers: Record<string, string>): Promise<Batch | null> {
  const estimate = await estimateOf(run, body);
  const { data } = await run.client.post('/v1/batches/preview', { body, query: { limit: 1 } });
  sayPrice(run, estimate, leftToModel(data));
  sayTooLittle(run, estimate, body.max_cost ?? undefined);
  if (await agreed(run, 'Spend it?')) return run.client.batches.create(body, { headers });
  if (run.json) run.terminal.print(JSON.stringify(estimate, null, 2));
  return null;
}

/** What becomes no batch leaves nothing behind; under a key of the caller's it may be another submission's too. */
async function forget(run: Run, file: string): Promise<void> {
  if (text(run, 'idempotency-key') === undefined) await run.client.files.delete(file);
}
