/** How far it is: a live bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  /** Dollars so far, or null where a price is unknown. */
  readonly cost: number | null;
}

const width = 28;

/** `[██████      ]  7/12  2.1/s  3 s left  $0.08` */
export function progressLine({ done, failed, total, cost }: Progress, elapsedMs: number): string {
  const filled = Math.round((done / total) * width);
  const rate = done / Math.max(0.001, elapsedMs / 1_000);
  const left = done === 0 ? '' : done === total ? '' : `  ${Math.ceil((total - done) / rate)} s left`;
  const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
  const money = cost === null ? 'cost unknown' : `$${cost.toFixed(3)}`;
  return `${bar}  ${done}/${total}  ${rate.toFixed(1)}/s${left}  ${money}${failed > 0 ? `  ${failed} failed` : ''}`;
}

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt = Date.now();
  #last = '';
  #lastDone = -1;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(progress: Progress): void {
    const line = progressLine(progress, Date.now() - this.#startedAt);
    if (this.#out.isTTY) {
      if (line !== this.#last) this.#out.write(`\r\u001B[2K  ${line}`);
    } else if (progress.done !== this.#lastDone && (progress.done % 4 === 0 || progress.done === progress.total)) {
      this.#out.write(`  ${line}\n`);
    }
    this.#last = line;
    this.#lastDone = progress.done;
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\n');
  }
}
