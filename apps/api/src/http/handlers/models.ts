import { providerModel } from '@rendermill/shared/domain/accounts';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { models, type Model } from '@rendermill/shared/domain/models';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, modelObject } from '../schemas.js';
import { z } from 'zod';

/** `/v1/models`: what the configured accounts can serve. */

function present(model: Pick<Model, 'id' | 'created' | 'shutdown'>, providers: readonly string[]) {
  const { id, created, shutdown } = model;
  return { id, object: 'model', created, owned_by: 'openai', shutdown_date: shutdown, providers };
}

function served({ deps, caller }: Context) {
  const accounts = deps.accounts.filter((account) => account.modes.includes(caller.mode));
  const known = models.map((model) =>
    present(
      model,
      accounts.filter((account) => providerModel(account, model.id) !== null).map(({ id }) => id),
    ),
  );
  // Names of a relay's own that stand in the configuration.
  const own = accounts.flatMap((account) => (account.models === 'any' ? [] : Object.keys(account.models)));
  const extra = [...new Set(own)].filter((id) => !models.some((model) => model.id === id));
  const providersOf = (id: string): string[] =>
    accounts.filter((account) => providerModel(account, id) !== null).map((account) => account.id);
  return [...known, ...extra.map((id) => present({ id, created: 0, shutdown: null }, providersOf(id)))].filter(
    ({ providers }) => providers.length > 0,
  );
}

export const modelRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/models',
    operationId: 'listModels',
    access: 'any',
    summary: 'List the models that the configured provider accounts serve.',
    tag: "OpenAI's routes",
    answers: {
      200: { description: 'The models.', schema: z.object({ object: z.literal('list'), data: z.array(modelObject) }) },
    },
    handle: async (context) => sendJson(context.response, 200, { object: 'list', data: served(context) }),
  },
  {
    method: 'get',
    path: '/v1/models/{id}',
    operationId: 'getModel',
    access: 'any',
    summary: 'Retrieve a model.',
    tag: "OpenAI's routes",
    answers: {
      200: { description: 'The model.', schema: modelObject },
      404: { description: 'No configured account serves it.', schema: errorSchema },
    },
    handle: async (context) => {
      const model = served(context).find(({ id }) => id === context.params['id']);
      if (!model)
        throw new RendermillError('model_not_found', `The model '${context.params['id']}' does not exist here.`, {
          param: 'model',
        });
      sendJson(context.response, 200, model);
    },
  },
];
