import type { Answer } from '../answers/answer.js';
import { imagesAnswer } from '../answers/images-answer.js';
import { answerInstead } from '../answers/instead.js';
import type { Order } from '../answers/order.js';
import { streamAnswer } from '../answers/stream-answer.js';
import { isRefusing, isReplacing } from '../faults/kinds.js';
import { refusalOf } from '../faults/refusals.js';
import type { Shop } from './shop.js';
import type { Visit } from './visit.js';

/** The answer of an order once its time has come; `reset` where the connection breaks before any answer. */
export async function prepareAnswer(shop: Shop, visit: Visit, order: Order): Promise<Answer | 'reset'> {
  const { fault, request } = order;
  if (isRefusing(fault)) {
    // A refusal is quick: nothing is rendered.
    await visit.pause(fault.delayMs ?? 0);
    throw refusalOf(fault, { model: request.model, requestId: visit.requestId, key: visit.key });
  }
  const latencyMs = fault?.delayMs ?? shop.latencyOf(request);
  const streams = request.stream && !isReplacing(fault) && fault?.kind !== 'reset_before_headers';
  const whole = !streams && !isReplacing(fault) && fault?.kind !== 'reset_before_headers';
  // The latency is all that a caller waits: it is spent on making the images. A stream spends it between its events.
  const made = whole ? imagesAnswer(shop, order) : null;
  // Awaited below; a failure meanwhile must not end the process.
  made?.catch(() => undefined);
  if (!streams) await visit.pause(latencyMs - visit.elapsed());
  if (fault?.kind === 'reset_before_headers') return 'reset';
  if (fault?.kind === 'hang_before_headers') await visit.hold();
  if (isReplacing(fault)) return answerInstead(fault, request.stream);
  if (made) return await made;
  return streamAnswer(shop, order, latencyMs, async (ms) => await visit.pause(ms));
}
