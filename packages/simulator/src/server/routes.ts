import { jsonAnswer, textAnswer, type Answer } from '../answers/answer.js';
import { send } from '../answers/send.js';
import type { Operation } from '../requests/parameters.js';
import { Refusal } from '../requests/refusal.js';
import { checkKey } from './authorise.js';
import { commonHeaders } from './headers.js';
import { listModels, oneModel, oneTask } from './serve-catalogue.js';
import { controlAnswer } from './serve-control.js';
import { serveImages } from './serve-images.js';
import { serveResult } from './serve-results.js';
import type { Shop } from './shop.js';
import type { Visit } from './visit.js';

const imageRoutes: Readonly<Record<string, Operation>> = {
  '/v1/images/generations': 'generation',
  '/v1/images/edits': 'edit',
  '/v1/images/variations': 'variation',
};

async function answerOf(shop: Shop, visit: Visit): Promise<Answer> {
  const { method } = visit.request;
  const { path } = visit;
  if (path.startsWith('/_sim/')) return await controlAnswer(shop, visit);
  if (method === 'GET' && path === '/healthz') return textAnswer(200, 'text/plain', 'ok\n');
  if (method === 'GET' && path.startsWith('/v1/')) {
    checkKey(shop.options, visit.key);
    if (path === '/v1/models') return listModels();
    if (path.startsWith('/v1/models/')) return oneModel(path.slice('/v1/models/'.length));
    if (path.startsWith('/v1/tasks/')) return oneTask(shop, path.slice('/v1/tasks/'.length));
  }
  if (path in imageRoutes) {
    throw new Refusal(405, `Not allowed to ${method} on ${path}.`, { code: 'method_not_supported' });
  }
  throw new Refusal(404, `Invalid URL (${method} ${path})`);
}

export async function serve(shop: Shop, visit: Visit): Promise<void> {
  const { method } = visit.request;
  const operation = method === 'POST' && Object.hasOwn(imageRoutes, visit.path) ? imageRoutes[visit.path] : undefined;
  if (operation) return await serveImages(shop, visit, operation);
  if (method === 'GET' && visit.path.startsWith('/results/')) return await serveResult(shop, visit);
  let answer: Answer;
  try {
    answer = await answerOf(shop, visit);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer = jsonAnswer(error.status, error.body, error.details.headers);
  }
  const headers = { ...commonHeaders(visit), ...answer.headers };
  await send(visit.response, { ...answer, headers }, null, visit, () => undefined);
}
