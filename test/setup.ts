/** Runs in every test file: a handle that a test leaves open fails its file, by name. */
import { afterAll } from '@jest/globals';

// What Node itself and jest keep open.
const harmless = new Set(['TTYWrap', 'PipeWrap', 'Immediate', 'FSReqCallback', 'FSReqPromise', 'WORKER', 'MessagePort', 'CloseReq']);

const before = count();

function count(): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!harmless.has(kind)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}

function leaked(): string[] {
  return [...count()].filter(([kind, now]) => now > (before.get(kind) ?? 0)).map(([kind, now]) => `${kind} ×${now}`);
}

afterAll(async () => {
  // Closing takes a few turns of the loop; a leak stays.
  for (let i = 0; i < 40 && leaked().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 25).unref());
  const left = leaked();
  if (left.length > 0) throw new Error(`this file left open: ${left.join(', ')}`);
});
