/** Node's environment, in which a test file that leaves something open fails, by name. */
import { TestEnvironment } from 'jest-environment-node';

// What Node itself and jest keep open.
const harmless = new Set([
  'TTYWrap',
  'PipeWrap',
  'Immediate',
  'FSReqCallback',
  'FSReqPromise',
  'WORKER',
  'MessagePort',
  'CloseReq',
]);

function count() {
  const kinds = new Map();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!harmless.has(kind)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}

export default class extends TestEnvironment {
  #before = new Map();

  async handleTestEvent(event, state) {
    if (event.name === 'run_start') this.#before = count();
    if (event.name !== 'run_finish') return;
    // Closing takes a few turns of the loop; a leak stays.
    for (let i = 0; i < 120 && this.#leaked().length > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 25).unref());
    const left = this.#leaked();
    if (left.length > 0) state.unhandledErrors.push(new Error(`this file left open: ${left.join(', ')}`));
  }

  #leaked() {
    return [...count()]
      .filter(([kind, now]) => now > (this.#before.get(kind) ?? 0))
      .map(([kind, now]) => `${kind} ×${now}`);
  }
}
