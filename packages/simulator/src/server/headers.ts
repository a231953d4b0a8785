import type { Visit } from './visit.js';

/** Headers of every answer under `/v1`. */
export function commonHeaders(visit: Visit): Record<string, string> {
  return {
    'x-request-id': visit.requestId,
    'openai-processing-ms': String(visit.elapsed()),
    'openai-organization': 'org-simulator',
    'openai-version': '2020-10-01',
  };
}

const ofInterest = [
  'content-type',
  'content-length',
  'idempotency-key',
  'traceparent',
  'user-agent',
  'x-stainless-retry-count',
];

/** What the ledger keeps of a request's headers; never the key. */
export function headersOfInterest({ request }: Visit): Record<string, string> {
  return Object.fromEntries(
    ofInterest.flatMap((name) => {
      const value = request.headers[name];
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}
