/** A line for a person. */
export type Say = (line: string) => void;

/** Writes lines to stdout. */
export const sayOnStdout: Say = (line) => {
  process.stdout.write(`${line}\n`);
};

/**
 * A reader of stdout that went away (`npm start | head`, a closed terminal) must not end the launcher: the children
 * would lose their supervisor while paid calls are in flight. Any other fault of stdout is thrown.
 */
export function outliveStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

/** The last lines of a text, indented: what a failure shows of a program's own words. */
export function lastLines(text: string, count = 8): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines
    .slice(-count)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n');
}

/** `34 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
