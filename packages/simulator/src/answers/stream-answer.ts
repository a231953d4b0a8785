import type { MadeImage } from '../images/made-image.js';
import type { Answer } from './answer.js';
import { completedEvent, partialEvent } from './document.js';
import { itemsOf, makeImages, type Order, type Workshop } from './order.js';
import { Base64, weave } from './weave.js';

function frame(event: Record<string, unknown>, escapedSlashes: boolean): Iterable<Buffer> {
  return weave(event, { escapedSlashes }, `event: ${String(event['type'])}\ndata: `, '\n\n').chunks();
}

async function* partials(workshop: Workshop, order: Order, image: MadeImage, step: number): AsyncIterable<Buffer> {
  const { request, fault } = order;
  const partial = await workshop.studio.partial(image, request, step, request.partialImages);
  yield* frame(partialEvent(request, { b64_json: new Base64(partial) }, step), fault?.kind === 'escaped_slashes');
}

/** Partial images are spread over the latency, the finished ones come at its end. */
async function* events(
  workshop: Workshop,
  order: Order,
  latencyMs: number,
  pause: (ms: number) => Promise<void>,
): AsyncIterable<Buffer> {
  const { request, usage, fault } = order;
  const steps = request.partialImages;
  const share = latencyMs / (steps + 1);
  await pause(share);
  const images = await makeImages(workshop, order);
  for (let step = 0; step < steps; step++) {
    for (const image of images) yield* partials(workshop, order, image, step);
    await pause(share);
  }
  for (const item of itemsOf(workshop, order, images)) {
    yield* frame(completedEvent(request, item, usage, fault), fault?.kind === 'escaped_slashes');
  }
}

/** Images as server-sent events. */
export function streamAnswer(
  workshop: Workshop,
  order: Order,
  latencyMs: number,
  pause: (ms: number) => Promise<void>,
): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    body: events(workshop, order, latencyMs, pause),
    length: null,
    headersFirst: true,
  };
}
