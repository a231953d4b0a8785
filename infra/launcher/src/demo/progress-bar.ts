import type { Batch } from './catalogue-batch.js';

/** How far a batch is: a live bar on a terminal, a line now and then elsewhere. */

const width = 28;

/** `██████░░░░  7/12  3 s left  $0.081` */
export function progressLine({ request_counts, progress, eta_seconds, cost }: Batch): string {
  const { total, completed, failed } = request_counts;
  if (total === 0) return 'reading the catalogue';
  const filled = Math.floor(progress * width);
  const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
  const left = eta_seconds === null || progress === 1 ? '' : `  ${eta_seconds} s left`;
  const money = cost.actual === null ? 'cost unknown' : `$${cost.actual.toFixed(3)}`;
  return `${bar}  ${completed + failed}/${total}${left}  ${money}${failed > 0 ? `  ${failed} failed` : ''}`;
}

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #last = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(batch: Batch): void {
    const line = progressLine(batch);
    if (line === this.#last) return;
    this.#last = line;
    this.#out.write(this.#out.isTTY ? `\r\u001B[2K  ${line}` : `  ${line}\n`);
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\n');
  }
}
