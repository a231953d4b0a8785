import { createInterface } from 'node:readline/promises';
import type { Account } from '@rendermill/shared/domain/accounts';
import { estimateAt } from '@rendermill/shared/domain/routing';
import type { Say } from '../say.js';

/** What a run would cost, and the yes that it needs before anything is spent. */
export interface Plan {
  readonly account: Account;
  readonly model: string;
  readonly images: number;
}

/** Dollars, or null where the account has no known price. */
export function planCost({ account, model, images }: Plan): number | null {
  const one = estimateAt(account, {
    model,
    type: 'generation',
    request: { prompt: '', n: 1, quality: 'low', size: '1024x1024' },
    inputs: [],
  });
  return one === null ? null : (one * images) / 1_000_000;
}

/** True where the person said yes: on the terminal, or beforehand by RENDERMILL_DEMO_SPEND=yes. */
export async function maySpend(plan: Plan, env: NodeJS.ProcessEnv, say: Say): Promise<boolean> {
  const cost = planCost(plan);
  const price = cost === null ? 'at a price that is not known here' : `for about $${cost.toFixed(3)}`;
  say(
    `This renders ${plan.images} pictures with ${plan.model} at ${plan.account.preset.name} (account ${plan.account.id}) ${price}.`,
  );
  if (env['RENDERMILL_DEMO_SPEND'] === 'yes') return true;
  if (!process.stdin.isTTY) {
    say(
      'To spend that, say so: RENDERMILL_DEMO_SPEND=yes npm run demo. To see it without spending, unset the provider key.',
    );
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question('Spend it? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
