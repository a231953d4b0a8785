import type { Batch, BatchCost, LineRecord } from '@rendermill/shared/domain/batch';
import type { Job } from '@rendermill/shared/domain/job';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';

/** A sum that is unknown for good once a part of it is. */
const plus = (sum: number | null, amount: number | null): number | null =>
  sum === null || amount === null ? null : sum + amount;

/** What a batch has cost, added up again from the records of its lines. */
export class Books {
  #estimated: number | null = 0;
  #begun = 0;
  #reserved = 0;
  #actual: number | null = 0;
  #twice = 0;
  #twiceCost: number | null = 0;
  readonly #tokens = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
  readonly #models = new Set<string>();

  /** A line that has ended. */
  add({ job, cost }: LineRecord): void {
    if (!job) return;
    const { cost: told, usage, model } = job as unknown as PresentedJob;
    this.#begin(told.estimated === null ? null : Math.round(told.estimated * 1_000_000), model);
    this.#actual = plus(this.#actual, cost?.actual ?? null);
    this.#twice += cost?.twice ?? 0;
    if (cost && cost.twice > 0) this.#twiceCost = plus(this.#twiceCost, cost.twice_cost);
    for (const name of ['input_tokens', 'output_tokens', 'total_tokens'] as const)
      this.#tokens[name] += usage?.[name] ?? 0;
  }

  /** A line that is a job now. */
  open({ estimate, model }: Job): void {
    this.#begin(estimate, model);
    this.#reserved += estimate ?? 0;
  }

  #begin(estimate: number | null, model: string): void {
    this.#estimated = plus(this.#estimated, estimate);
    this.#begun++;
    this.#models.add(model);
  }

  get cost(): BatchCost {
    const twice = { attempts: this.#twice, cost: this.#twiceCost };
    return { estimated: this.#estimated, begun: this.#begun, reserved: this.#reserved, actual: this.#actual, twice };
  }

  get usage(): Batch['usage'] {
    return this.#tokens;
  }

  /** Null where they differ. */
  get model(): string | null {
    return this.#models.size === 1 ? ([...this.#models][0] ?? null) : null;
  }
}
