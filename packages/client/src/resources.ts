import { followBatch, type BatchEvent } from './batch-events.js';
import { readJson, type CallOptions, type Caller } from './caller.js';
import type { FollowOptions } from './follow.js';
import { followJob, type JobEvent } from './job-events.js';
import { itemsOf } from './pages.js';
import { chunksOf, linesOf } from './streams.js';
import { uploadBody, type Upload } from './uploads.js';
import type { Batch, BatchResult, CreateBatch, CreateJob, Job, QueryOf, StoredFile } from './types.js';

/** What people do most, by the names of what they do it to. Everything else: `get`, `post` and `delete` of the client. */

type JobQuery = Omit<QueryOf<'/v1/jobs', 'get'>, 'after'>;
type LineQuery = Omit<QueryOf<'/v1/batches/{id}/jobs', 'get'>, 'after'>;
type FileQuery = Omit<QueryOf<'/v1/files', 'get'>, 'after'>;

export class Jobs {
  readonly #caller: Caller;
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  create(body: CreateJob, options: CallOptions = {}): Promise<Job> {
    return this.#caller.post('/v1/jobs', { ...options, body });
  }
  get(id: string, options: CallOptions & { readonly wait?: number } = {}): Promise<Job> {
    const { wait, ...rest } = options;
    return this.#caller.get('/v1/jobs/{id}', { ...rest, params: { id }, query: wait ? { wait } : {} });
  }
  list(query: JobQuery = {}, options: CallOptions = {}): AsyncGenerator<Job> {
    return itemsOf((after) => this.#caller.get('/v1/jobs', { ...options, query: { ...query, ...at(after) } }));
  }
  cancel(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#caller.post('/v1/jobs/{id}/cancel', { ...options, params: { id } });
  }
  retry(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#caller.post('/v1/jobs/{id}/retry', { ...options, params: { id } });
  }
  /** The job now (or `after` an event) and after each change, over broken connections, until it has ended. */
  events(id: string, options: FollowOptions = {}): AsyncGenerator<JobEvent> {
    return followJob(this.#caller, id, options);
  }
  /** A picture's bytes; with `headers: { range }` a part of them. */
  image(id: string, index: number, options: CallOptions = {}): Promise<Response> {
    return this.#caller.raw('/v1/jobs/{id}/images/{index}', { ...options, params: { id, index: String(index) } });
  }
}

export class Batches {
  readonly #caller: Caller;
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  create(body: CreateBatch, options: CallOptions = {}): Promise<Batch> {
    return this.#caller.post('/v1/batches', { ...options, body });
  }
  get(id: string, options: CallOptions & { readonly wait?: number } = {}): Promise<Batch> {
    const { wait, ...rest } = options;
    return this.#caller.get('/v1/batches/{id}', { ...rest, params: { id }, query: wait ? { wait } : {} });
  }
  list(query: { readonly limit?: number; readonly order?: 'asc' | 'desc' } = {}): AsyncGenerator<Batch> {
    return itemsOf((after) => this.#caller.get('/v1/batches', { query: { ...query, ...at(after) } }));
  }
  cancel(id: string): Promise<Batch> {
    return this.#caller.post('/v1/batches/{id}/cancel', { params: { id } });
  }
  pause(id: string): Promise<Batch> {
    return this.#caller.post('/v1/batches/{id}/pause', { params: { id } });
  }
  resume(id: string): Promise<Batch> {
    return this.#caller.post('/v1/batches/{id}/resume', { params: { id } });
  }
  /** Runs what came to nothing again: all of it, or what failed with one code. */
  retry(id: string, body: { error_code?: string; max_cost?: number } = {}, options: CallOptions = {}): Promise<Batch> {
    return this.#caller.post('/v1/batches/{id}/retry', { ...options, params: { id }, body });
  }
  /** Every line as a job, while it runs too. */
  lines(id: string, query: LineQuery = {}, options: CallOptions = {}): AsyncGenerator<Job> {
    return itemsOf((after) =>
      this.#caller.get('/v1/batches/{id}/jobs', { ...options, params: { id }, query: { ...query, ...at(after) } }),
    );
  }
  /** What has ended by now, a line at a time as it is sent. */
  async *results(id: string, options: CallOptions = {}): AsyncGenerator<BatchResult> {
    const response = await this.resultsFile(id, 'jsonl', options);
    for await (const line of linesOf(chunksOf(response, options.signal)))
      if (line !== '') yield JSON.parse(line) as BatchResult;
  }
  /** The same as a file. */
  resultsFile(id: string, format: 'jsonl' | 'csv' | 'zip', options: CallOptions = {}): Promise<Response> {
    return this.#caller.raw('/v1/batches/{id}/results', { ...options, params: { id }, query: { format } });
  }
  /** What happens in it from now on (or `after` an event), over broken connections, until it has ended. */
  events(id: string, options: FollowOptions = {}): AsyncGenerator<BatchEvent> {
    return followBatch(this.#caller, id, options);
  }
}

export class Files {
  readonly #caller: Caller;
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** A blob is sent again where that helps; a stream once only. */
  async upload(file: Upload, filename: string, purpose = 'batch', options: CallOptions = {}): Promise<StoredFile> {
    // A large file takes its time before an answer begins.
    const call = { ...uploadBody(file, filename, purpose), holdMs: 3_600_000 };
    return readJson(await this.#caller.open('POST', '/v1/files', options, call), options.signal);
  }
  get(id: string): Promise<StoredFile> {
    return this.#caller.get('/v1/files/{id}', { params: { id } });
  }
  list(query: FileQuery = {}): AsyncGenerator<StoredFile> {
    return itemsOf((after) => this.#caller.get('/v1/files', { query: { ...query, ...at(after) } }));
  }
  content(id: string, options: CallOptions = {}): Promise<Response> {
    return this.#caller.raw('/v1/files/{id}/content', { ...options, params: { id } });
  }
  async delete(id: string): Promise<void> {
    await this.#caller.delete('/v1/files/{id}', { params: { id } });
  }
}

const at = (after: string | undefined): { after?: string } => (after === undefined ? {} : { after });
