import { jsonAnswer } from '../answers/answer.js';
import { imageCount } from '../answers/items.js';
import type { Order } from '../answers/order.js';
import { reset, send, type Delivery } from '../answers/send.js';
import type { Place } from '../books/limits.js';
import { noteReceived, type LedgerEntry } from '../books/ledger.js';
import { costMicros } from '../catalogue/prices.js';
import { formatSize, type Size } from '../catalogue/sizes.js';
import { countUsage } from '../catalogue/tokens.js';
import { isCharged } from '../faults/facts.js';
import { readBody } from '../requests/read-body.js';
import { checkDialect, heard } from '../requests/dialect.js';
import { readImageRequest, type ImageRequest } from '../requests/image-request.js';
import type { Operation } from '../requests/parameters.js';
import { Refusal } from '../requests/refusal.js';
import { checkKey } from './authorise.js';
import { commonHeaders, headersOfInterest } from './headers.js';
import { prepareAnswer } from './prepare-answer.js';
import type { Shop } from './shop.js';
import type { Visit } from './visit.js';

/** One image request from its arrival to the last byte of its answer. */
export async function serveImages(shop: Shop, visit: Visit, operation: Operation): Promise<void> {
  const { key, requestId: request_id, path } = visit;
  const headers = headersOfInterest(visit);
  const entry = shop.ledger.open({ request_id, path, key_last4: key?.slice(-4) ?? null, headers });
  shop.counters.arrived();
  // The books are closed before the last byte leaves: whoever has the answer may read them at once.
  const finish = once((outcome: string) => {
    if (entry.outcome === 'in_progress') entry.outcome = outcome;
    entry.duration_ms = visit.elapsed();
    shop.counters.left(entry);
  });
  try {
    const delivery = await sell(shop, visit, operation, entry, () => finish('ok'));
    entry.client_gone = delivery === 'gone';
  } catch (error) {
    if (!(error instanceof Refusal)) {
      finish('aborted');
      throw error;
    }
    const delivery = await refuse(visit, error, entry, () => finish(String(error.details.code ?? error.status)));
    entry.client_gone = delivery === 'gone';
  } finally {
    finish('client_gone');
  }
}

async function sell(
  shop: Shop,
  visit: Visit,
  operation: Operation,
  entry: LedgerEntry,
  finish: () => void,
): Promise<Delivery> {
  const { request, inputs } = await understand(shop, visit, operation, entry);
  const place = admit(shop, visit, request);
  try {
    const order = take(shop, visit, request, inputs, entry);
    const answer = await prepareAnswer(shop, visit, order);
    if (answer === 'reset') return await reset(visit.response, visit);
    entry.status = answer.status;
    const headers = { ...commonHeaders(visit), ...place.headers, ...answer.headers };
    return await send(visit.response, { ...answer, headers }, order.fault, visit, () => {
      place.release();
      finish();
    });
  } finally {
    place.release();
  }
}

interface Understood {
  readonly request: ImageRequest;
  /** Sizes of the input images. */
  readonly inputs: readonly Size[];
}

/** Reads and judges the whole request before anything else: the ledger tells even what was refused. */
async function understand(shop: Shop, visit: Visit, operation: Operation, entry: LedgerEntry): Promise<Understood> {
  const received = await readBody(visit.request);
  noteReceived(entry, received);
  checkKey(shop.options, visit.key);
  checkDialect(received, shop.options.dialect);
  const request = readImageRequest(operation, heard(received, shop.options.dialect), shop.options.strict);
  Object.assign(entry, { model: request.model, prompt: request.prompt, n: request.n });
  const files = request.mask ? [...request.images, request.mask] : request.images;
  const sizes = await shop.studio.inspect(files);
  return { request, inputs: sizes.slice(0, request.images.length) };
}

function admit(shop: Shop, visit: Visit, request: ImageRequest): Place {
  const place = shop.gate.admit(visit.key, request.model, request.n, Date.now());
  if (place instanceof Refusal) {
    shop.counters.rejected();
    throw place;
  }
  shop.counters.admitted(Date.now(), request.n);
  return place;
}

/** Decides what will happen, and charges: from here on the provider works, whether or not anybody still listens. */
function take(shop: Shop, visit: Visit, request: ImageRequest, inputs: readonly Size[], entry: LedgerEntry): Order {
  const { model, prompt, quality, size } = request;
  const path = visit.path.replace(/^\/v1/, '');
  const fault = shop.rules.pick({ number: entry.number, prompt, model, path });
  const images = imageCount(request.n, fault);
  const usage = countUsage({ ...request, images, inputs });
  if (fault) entry.outcome = fault.kind;
  if (isCharged(fault)) {
    entry.charged = true;
    entry.cost_micros = costMicros(shop.options.prices, { model, quality, size: formatSize(size), images, usage });
    shop.counters.charged(entry.cost_micros);
  }
  return { request, fault, usage, entry, origin: visit.origin };
}

async function refuse(visit: Visit, refusal: Refusal, entry: LedgerEntry, finish: () => void): Promise<Delivery> {
  entry.status = refusal.status;
  const headers = { ...commonHeaders(visit), ...refusal.details.headers };
  return await send(visit.response, jsonAnswer(refusal.status, refusal.body, headers), null, visit, finish);
}

/** An action that happens the first time only. */
function once<T>(action: (value: T) => void): (value: T) => void {
  let done = false;
  return (value) => {
    if (!done) action(value);
    done = true;
  };
}
