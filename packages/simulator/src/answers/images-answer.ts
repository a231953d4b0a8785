import { pieceAnswer, jsonAnswer, type Answer } from './answer.js';
import { answerDocument } from './document.js';
import { itemsOf, makeImages, type Order, type Workshop } from './order.js';
import { weave } from './weave.js';

/** Images in one JSON answer. */
export async function imagesAnswer(workshop: Workshop, order: Order): Promise<Answer> {
  const { request, usage, fault } = order;
  const images = await makeImages(workshop, order);
  const document = answerDocument(request, itemsOf(workshop, order, images), usage, fault);
  const piece = weave(document, {
    pretty: fault?.kind === 'pretty_json',
    escapedSlashes: fault?.kind === 'escaped_slashes',
  });
  if (fault?.kind !== 'task') return pieceAnswer(200, piece);
  const done = weave({ ...document, status: 'completed' });
  const task_id = workshop.tasks.submit(done, fault.completeAfterMs);
  return jsonAnswer(200, { created: document['created'], data: [{ task_id, status: 'submitted' }] });
}
