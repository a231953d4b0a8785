/**
 * What the end of a worker takes beside its longest call. Whoever ends a process after a time (compose, the chart) gives it
 * all three; test/infra holds them against these.
 */

/** From a call's answer to the job's end: the store, the ledger, the webhook's place. */
export const afterCallMs = 30_000;

/** Then every connection is closed. */
export const closingMs = 12_000;
