import { parseBody } from '@rendermill/shared/domain/request-body';
import type { Request } from 'express';
import { consentTo, planProbeOf, requireAccount } from '../../use-cases/plan-probe.js';
import { startProbe } from '../../use-cases/start-probe.js';
import { presentProbe, presentQuote } from '../present-probe.js';
import { probeBody, probeObject, probeQuote } from '../probe-schema.js';
import { repeatOf } from '../repeat.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/providers/{id}/probe`: finds out what an account really takes. */

async function create(context: Context): Promise<void> {
  const { deps, caller, request, response, requestId } = context;
  const account = requireAccount(deps, caller, context.params['id'] ?? '');
  const { body, fingerprint } = await read(context);
  const planned = planProbeOf(account, body.model);
  if (!body.spend) {
    sendJson(response, 200, presentQuote(planned));
    return;
  }
  const maxCost = consentTo(planned, body.max_cost);
  const repeat = repeatOf(deps, caller, request, fingerprint, false);
  const probe = await startProbe(deps, { caller, requestId, planned, maxCost, repeat });
  response.set('location', `/v1/providers/${account.id}`);
  sendJson(response, 202, await presentProbe(deps, account, probe));
}

/** No body at all is a question too. */
async function read(context: Context) {
  if (isBare(context.request)) return { body: probeBody.parse({}), fingerprint: '' };
  return withBody(context, async ({ value, fingerprint }) => ({ body: parseBody(probeBody, value), fingerprint }));
}

const isBare = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

export const probeRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/providers/{id}/probe',
    operationId: 'probeProvider',
    access: 'operator',
    summary: 'What a probe of an account would ask and cost; with spend and max_cost, starts it.',
    tag: 'Money',
    body: probeBody,
    bodyOptional: true,
    answers: {
      200: { description: 'The quote: nothing was stored, nothing bought.', schema: probeQuote },
      202: {
        description: 'The probe, begun or running already. GET /v1/providers/{id} follows it.',
        schema: probeObject,
      },
      402: { description: 'It costs more than max_cost (budget_exceeded).', schema: errorSchema },
      404: { description: 'There is no such account, or it does not sell the model.', schema: errorSchema },
      409: { description: 'A probe of another model runs at the account (probe_in_progress).', schema: errorSchema },
      422: { description: 'max_cost is given, and the price is not known (price_unknown).', schema: errorSchema },
    },
    handle: create,
  },
];
