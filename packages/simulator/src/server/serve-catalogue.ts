import { jsonAnswer, pieceAnswer, type Answer } from '../answers/answer.js';
import { models, modelRow } from '../catalogue/models.js';
import { Refusal } from '../requests/refusal.js';
import type { Shop } from './shop.js';

/** What can be read under `/v1`. */

const created = 1_745_366_400;
const modelObject = (id: string): unknown => ({ id, object: 'model', created, owned_by: 'openai' });

export function listModels(): Answer {
  return jsonAnswer(200, { object: 'list', data: models.map(({ id }) => modelObject(id)) });
}

export function oneModel(id: string): Answer {
  if (modelRow(id)) return jsonAnswer(200, modelObject(id));
  throw new Refusal(404, `The model '${id}' does not exist`, { param: 'model', code: 'model_not_found' });
}

export function oneTask(shop: Shop, id: string): Answer {
  const task = shop.tasks.find(id);
  if (task === undefined) throw new Refusal(404, `No task found with id '${id}'.`, { code: 'task_not_found' });
  return task === 'pending' ? jsonAnswer(200, { task_id: id, status: 'in_progress' }) : pieceAnswer(200, task);
}
