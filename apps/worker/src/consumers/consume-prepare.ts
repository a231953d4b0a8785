import type { JobEntry } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import { prepareInputs } from '../use-cases/prepare-inputs.js';
import { workOn } from './work-on.js';

/** Jobs whose inputs are fetched at once. */
export const preparePlaces = 32;
/** Of one project: servers that do not answer hold up their own project's jobs only. */
const perProject = 8;

/** Takes jobs whose inputs must be fetched, and sends them on to their ready queues. */
export class PrepareConsumer {
  readonly #deps: WorkerDeps;
  readonly #running = new Map<string, number>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  async take(entry: JobEntry): Promise<void> {
    const { prepareLines, ledger, worker } = this.#deps;
    const project = await prepareLines.projectOf(entry.j);
    if (project === null) return;
    const running = this.#running.get(project) ?? 0;
    // It stands in line before any of those that run can call up the next: both go over one connection.
    if (running >= perProject) return prepareLines.join(entry);
    this.#running.set(project, running + 1);
    try {
      const job = await ledger.begin(entry.j, entry.g, entry.r, worker);
      if (typeof job !== 'string') await workOn(this.#deps, job, async () => prepareInputs(this.#deps, job));
    } finally {
      this.#leave(project);
      await prepareLines.callNext(project);
    }
  }

  #leave(project: string): void {
    const left = (this.#running.get(project) ?? 1) - 1;
    if (left > 0) this.#running.set(project, left);
    else this.#running.delete(project);
  }
}
