import { createInterface } from 'node:readline/promises';
import type { Say } from '../say.js';
import type { Estimate } from './catalogue-batch.js';

/** What a run would cost, said to a person, and the yes that it needs before anything is spent. */
export interface Plan {
  /** Or why nobody knows it. */
  readonly estimate: Estimate | string;
  /** Ids of the accounts that could be asked. */
  readonly accounts: readonly string[];
}

/**
 * What the batch may cost at most: twice what is expected, since a call whose answer is lost may be billed and is made
 * once more; a cent at least. Null where no price is known.
 */
export function mostOf({ estimate }: Plan): number | null {
  return typeof estimate === 'string' ? null : Math.max(1, Math.ceil(200 * estimate.cost)) / 100;
}

/** True where the person said yes: on the terminal, or beforehand by RENDERMILL_DEMO_SPEND=yes. */
export async function maySpend(plan: Plan, env: NodeJS.ProcessEnv, say: Say, signal: AbortSignal): Promise<boolean> {
  say(inWords(plan));
  if (env['RENDERMILL_DEMO_SPEND'] === 'yes') return true;
  if (!process.stdin.isTTY) {
    say(
      'To spend that, say so: RENDERMILL_DEMO_SPEND=yes npm run demo. To see it without spending, unset the provider key.',
    );
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C at the question belongs to the terminal's reader, which would swallow it.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const yes = /^y(es)?$/i.test((await terminal.question('Spend it? [y/N] ', { signal })).trim());
    if (!yes) say('Nothing was spent.');
    return yes;
  } catch (error) {
    // Why it was broken off says more than that it was.
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}

function inWords(plan: Plan): string {
  const { estimate, accounts } = plan;
  const where = `by ${accounts.length === 1 ? 'the account' : 'the accounts'} ${accounts.join(', ')}`;
  if (typeof estimate === 'string')
    return `This renders real pictures ${where}, at a price that is not known. ${estimate}`;
  const { images, model, cost } = estimate;
  return `This renders ${images} pictures with ${model} ${where} for about $${cost.toFixed(3)}, and stops at $${mostOf(plan)?.toFixed(2)}.`;
}
