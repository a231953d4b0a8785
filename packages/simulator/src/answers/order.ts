import type { Usage } from '../catalogue/prices.js';
import type { Fault } from '../faults/kinds.js';
import type { Links } from '../books/links.js';
import type { Tasks } from '../books/tasks.js';
import type { LedgerEntry } from '../books/ledger.js';
import type { MadeImage } from '../images/made-image.js';
import type { Studio } from '../images/studio.js';
import type { ImageRequest } from '../requests/image-request.js';
import { askedOrWrong, imageCount, itemOf, spoil, type AnswerStyle } from './items.js';
import type { Item } from './document.js';

/** A request that was accepted, and what is needed to answer it. */
export interface Order {
  readonly request: ImageRequest;
  readonly fault: Fault | null;
  readonly usage: Usage;
  readonly entry: LedgerEntry;
  /** Scheme, host and port under which the client knows this server. */
  readonly origin: string;
}

/** What makes and keeps images. */
export interface Workshop {
  readonly studio: Studio;
  readonly links: Links;
  readonly tasks: Tasks;
  readonly style: AnswerStyle;
}

/** The images that the answer will hold, entered into the ledger. */
export async function makeImages({ studio }: Workshop, { request, fault, entry }: Order): Promise<MadeImage[]> {
  if (fault?.kind === 'ok_empty_data') return [];
  const followed = askedOrWrong(request, fault);
  const count = imageCount(request.n, fault);
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const made = await Promise.all(
    numbers.map(async (number) => spoil(await studio.make(followed, entry, number), fault)),
  );
  entry.images = made.length;
  entry.sha256 = made.map((image) => image.sha256);
  return made;
}

export function itemsOf({ links, style }: Workshop, order: Order, images: readonly MadeImage[]): Item[] {
  return images.map((image) => itemOf(image, order.request, { links, style, origin: order.origin }, order.fault));
}
