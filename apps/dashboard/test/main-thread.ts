import type { Browser, Page } from 'playwright-core';

/** What a page's main thread did, by Chromium's own trace: each task with the time it took and the time it had the processor. */

export interface Task {
  /** Milliseconds by the clock, in which others may have had the processor. */
  readonly wall: number;
  /** Milliseconds of the thread's own: the work of the page, however busy the machine is. */
  readonly cpu: number;
}

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
}

const mark = 'the page that is measured';

/** The tasks of the page's main thread while `work` goes on. */
export async function mainThreadTasks(browser: Browser, page: Page, work: () => Promise<void>): Promise<Task[]> {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline', 'blink.user_timing'] });
  // It says which of the threads in the trace is the one.
  await page.evaluate(`performance.mark(${JSON.stringify(mark)})`);
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: Event[] };
  const ours = traceEvents.find(({ name }) => name === mark);
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && pid === ours?.pid && tid === ours.tid,
  );
  // The thread's own clock is read a little apart from the other: no more of it than has passed.
  return tasks.map(({ dur = 0, tdur = Number.NaN }) => ({ wall: dur / 1_000, cpu: Math.min(dur, tdur) / 1_000 }));
}
