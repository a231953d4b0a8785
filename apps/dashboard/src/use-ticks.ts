import { useEffect, useState } from 'react';

/** Browsers' timers hold no more than some weeks. */
const longestTimerMs = 86_400_000;

/** Draws anew every so many milliseconds, at one moment (ms since the epoch), and when the page is seen again; not while it is hidden. */
export function useTicks(everyMs: number | null, moment: number): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const tick = (): void => {
      if (!document.hidden) setTick((before) => before + 1);
    };
    const timer = everyMs === null ? 0 : window.setInterval(tick, everyMs);
    document.addEventListener('visibilitychange', tick);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [everyMs]);
  useEffect(() => {
    if (!Number.isFinite(moment)) return undefined;
    const wait = Math.max(0, Math.min(moment - Date.now(), longestTimerMs));
    const timer = window.setTimeout(() => setTick((before) => before + 1), wait);
    return () => window.clearTimeout(timer);
  }, [moment]);
}
