/**
 * The glossary. Each word names one thing in code, logs, API and docs.
 *
 * - **job**: one generation, edit or variation request; makes `n` images; the unit of work, retry and billing.
 * - **batch**: many jobs submitted together; each line becomes a job with its `custom_id`.
 * - **provider account**: one key at one provider (OpenAI or a relay), with its limits, prices and quirks.
 * - **preset**: what is true of every account at one provider: base URL, dialect, models, prices.
 * - **call**: one planned request to a provider for some of a job's images; retried as a whole.
 * - **attempt**: one execution of a call at one provider account, a ledger entry first and a request second.
 * - **outcome**: what an attempt came to: `not_sent`, `rejected` (not billed), `billed`, `unknown` (may be billed).
 * - **image**: one stored result, the provider's bytes untouched, plus variants derived from it.
 * - **generation**: the first run of a job or one asked for by a user's retry; each has its own budget of paid attempts.
 * - **run**: how often the ledger has derived a queue entry for a job; an entry of an older run is void.
 * - **fence**: the number of the job's present owner; what an older owner wants to publish is refused.
 * - **queue entry**: what BullMQ calls a job: two ids and a run, never work or bytes.
 * - **routing class**: the accounts that could serve a job, its mode and images per call; one ready queue each.
 * - **permit**: leave to make one call at one account now, within that account's limits over all workers.
 * - **event, endpoint, delivery**: a fact; a URL that wants such facts; one event on its way to one endpoint.
 * - **project**: the tenant: owns keys, jobs, batches, files, endpoints, spend.
 * - **lease**: a claim that ends by itself unless it is renewed: a worker's life, a permit, an API process's holds.
 */
export {};
