import type { AttemptSettlement } from '@rendermill/shared/domain/attempts';
import { errorBodyOf } from '@rendermill/shared/domain/errors';

/** The settlement of a call whose owner died before it could tell what came of it. */
export function ownerDied(): AttemptSettlement {
  return {
    outcome: 'unknown',
    ended_at: Date.now(),
    http_status: null,
    request_id: null,
    error: errorBodyOf('outcome_unknown', 'The worker that waited for the answer died.'),
    cost: null,
    cost_basis: null,
    usage: null,
    effective: {},
  };
}
