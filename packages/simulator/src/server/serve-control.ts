import { z } from 'zod';
import { jsonAnswer, type Answer } from '../answers/answer.js';
import { ruleList } from '../faults/rules.js';
import { readJsonObject } from '../requests/read-json.js';
import { Refusal } from '../requests/refusal.js';
import { resetShop, type Shop } from './shop.js';
import type { Visit } from './visit.js';

/** Control from another process of the same machine. */

const faultsBody = z.strictObject({ rules: ruleList });
const after = z.coerce.number().int().min(0);

function checkLocal({ request }: Visit): void {
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const local = address === '::1' || address.startsWith('127.');
  // A page in a browser on this machine is local too, and not meant.
  if (local && request.headers.origin === undefined) return;
  throw new Refusal(403, 'Control routes answer to programs on this machine only.', { code: 'loopback_only' });
}

function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Refusal(400, z.prettifyError(result.error), { code: 'invalid_value' });
}

/** The ledger; `after` names the last entry that the caller has already seen. */
function ledgerAnswer(shop: Shop, visit: Visit): Answer {
  const seen = read(after, visit.query.get('after') ?? '0');
  return jsonAnswer(200, { entries: shop.ledger.entries.filter((entry) => entry.number > seen) });
}

export async function controlAnswer(shop: Shop, visit: Visit): Promise<Answer> {
  checkLocal(visit);
  switch (`${visit.request.method} ${visit.path}`) {
    case 'POST /_sim/faults': {
      const { rules } = read(faultsBody, await readJsonObject(visit.request));
      shop.rules.set(rules);
      return jsonAnswer(200, { rules: rules.length });
    }
    case 'POST /_sim/release':
      return jsonAnswer(200, { released: shop.holds.release() });
    case 'POST /_sim/reset':
      resetShop(shop);
      return jsonAnswer(200, { reset: true });
    case 'GET /_sim/ledger':
      return ledgerAnswer(shop, visit);
    case 'GET /_sim/stats':
      return jsonAnswer(200, shop.counters.snapshot(shop.holds.count));
    default:
      throw new Refusal(404, `No control route ${visit.request.method} ${visit.path}.`, { code: 'not_found' });
  }
}
