import { spawnSync } from 'node:child_process';

/** Prometheus' own checker, where there is one. */
const found = spawnSync('promtool', ['--version']).error === undefined;

/** The reason that stands beside what is skipped. */
export const whyNoPromtool = found ? '' : ' (skipped: no promtool here; install Debian’s `prometheus`)';
export const hasPromtool = found;

/** What it says against its input; '' where that is nothing. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
