import { randomBytes } from 'node:crypto';
import type { Piece } from '../answers/weave.js';

/** Answers that come later, as asynchronous relays give them. */
export class Tasks {
  readonly #tasks = new Map<string, { readyAt: number; answer: Piece }>();

  /** Keeps an answer until its time; the task's id. */
  submit(answer: Piece, completeAfterMs: number): string {
    const id = `task_${randomBytes(12).toString('hex')}`;
    this.#tasks.set(id, { readyAt: Date.now() + completeAfterMs, answer });
    return id;
  }

  /** The answer of a task, `pending` before its time, undefined for an unknown id. */
  find(id: string): Piece | 'pending' | undefined {
    const task = this.#tasks.get(id);
    if (!task) return undefined;
    return task.readyAt <= Date.now() ? task.answer : 'pending';
  }

  reset(): void {
    this.#tasks.clear();
  }
}
