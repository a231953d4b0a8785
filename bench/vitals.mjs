// Preloaded with `--import` into every process that is measured, ours and the peers' alike, so that all are seen by the
// same eyes. On SIGUSR2 it writes what it saw since the last time to a file, and starts afresh.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env.BENCH_VITALS;
delete process.env.BENCH_VITALS;
const everyMs = 5;

/** Peak of resident memory in bytes, of this program alone: getrusage() would count what its parent had when it forked. */
function peakBytes() {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1] ?? 0) * 1_024;
}

if (file !== undefined && isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: everyMs });
  delay.enable();
  let cpu = process.cpuUsage();
  let number = 0;
  process.on('SIGUSR2', () => {
    const used = process.cpuUsage(cpu);
    const vitals = {
      // The histogram counts from tick to tick, so a loop that is never held up shows the resolution itself.
      stallMs: Math.max(0, delay.max / 1e6 - everyMs),
      cpuMs: (used.user + used.system) / 1_000,
      peakBytes: peakBytes(),
    };
    delay.reset();
    cpu = process.cpuUsage();
    const path = `${file}.${number++}`;
    writeFileSync(`${path}.part`, JSON.stringify(vitals));
    renameSync(`${path}.part`, path);
  });
}
