import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { duration, type Say } from '../say.js';
import type { Batch } from './catalogue-batch.js';
import { dollars } from './contact-sheet.js';
import type { Result } from './results.js';
import type { WebhookReceiver } from './webhook-receiver.js';

export interface Run {
  readonly folder: string;
  readonly batch: Batch;
  readonly results: readonly Result[];
  readonly receiver: WebhookReceiver;
  readonly simulated: boolean;
  /** From its submission until its end was told. */
  readonly ms: number;
}

/** What came of it, for a person. The exit code: 0 where every picture is there and the end was told and verified. */
export function report({ folder, batch, results, receiver, simulated, ms }: Run, say: Say): number {
  const failed = results.filter(({ file }) => file === null);
  const faults = batch.errors?.data ?? [];
  const events = receiver.verified.get(batch.id) ?? [];
  const told = events.includes('batch.completed');
  const refused = receiver.refused();
  const rows: [string, string][] = [
    ['Pictures', `${results.length - failed.length} of ${batch.request_counts.total}, in ${join(folder, 'images')}`],
    ['Contact sheet', pathToFileURL(join(folder, 'contact-sheet.html')).href],
    ['Manifest', join(folder, 'manifest.jsonl')],
    ['Cost', `${dollars(batch.cost.actual)}${simulated ? ' at list price; simulated, nothing was spent' : ''}`],
    [
      'Webhook',
      `${told ? 'batch.completed received, its signature verified' : `no batch.completed came; ${events.join(', ') || 'nothing'}`}${refused > 0 ? `; ${refused} with a bad signature refused` : ''}`,
    ],
    ['Time', `${duration(ms)} from submission to the webhook`],
    ...faults.map(({ line, message }): [string, string] => [
      'Fault',
      `${line === null ? '' : `line ${line}: `}${message}`,
    ]),
    ...failed.map(({ custom_id, error }): [string, string] => [
      'Failed',
      `${custom_id}: ${error?.code}: ${error?.message}`,
    ]),
  ];
  say('');
  for (const [name, text] of rows) say(`  ${name.padEnd(15)}${text}`);
  say('');
  return told && faults.length + failed.length + refused === 0 ? 0 : 1;
}
