import { textAnswer, type Answer } from '../answers/answer.js';
import { send } from '../answers/send.js';
import type { Shop } from './shop.js';
import type { Visit } from './visit.js';

/** Result links, answered as a CDN answers. */

const storageError = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>\n`;

const types = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const;

const notFound = textAnswer(404, 'application/xml', storageError('NoSuchKey', 'The specified key does not exist.'));

export async function serveResult(shop: Shop, visit: Visit): Promise<void> {
  const found = shop.links.find(visit.path);
  if (found.kind === 'expired') {
    const expired = textAnswer(403, 'application/xml', storageError('AccessDenied', 'Request has expired'));
    await send(visit.response, expired, null, visit, () => undefined);
    return;
  }
  if (found.kind === 'unknown') {
    await send(visit.response, notFound, null, visit, () => undefined);
    return;
  }
  const { image, fault } = found.result;
  const fails = fault !== null && fault.fetchesLeft > 0;
  if (fails) fault.fetchesLeft -= 1;
  if (fails && fault.kind === 'link_not_found') {
    await send(visit.response, notFound, null, visit, () => undefined);
    return;
  }
  const answer: Answer = {
    status: 200,
    headers: { 'content-type': types[image.format], etag: `"${image.sha256.slice(0, 32)}"` },
    body: image.parts,
    length: image.bytes,
  };
  const cut = fails ? ({ kind: 'reset_in_body', afterBytes: fault.afterBytes } as const) : null;
  await send(visit.response, answer, cut, visit, () => undefined);
}
