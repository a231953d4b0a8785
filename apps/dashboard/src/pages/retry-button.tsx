import { useRef, useState, type ReactNode } from 'react';
import type { Batch } from '../api/types';
import { usd } from '../format';
import { Field } from '../parts/field';
import { Sure } from '../parts/sure';
import { text } from '../text';
import { useFocusKept } from '../use-focus';
import { costOfLines, newCapFor, type Retry } from '../use-retry';

interface Props {
  readonly batch: Batch;
  /** Why they failed; null: whatever the reason was. */
  readonly code: string | null;
  /** How many they are; null: not counted. */
  readonly lines: number | null;
  readonly words: string;
  readonly kind?: 'main' | 'plain' | '';
  readonly retry: Retry;
  /** It asks once more, with this. */
  readonly question?: string;
  readonly children?: ReactNode;
}

/** Runs lines of an ended batch again: at once, or with a new maximum where they do not fit under the one there is. */
export function RetryButton({ batch, code, lines, words, kind = '', retry, question = '', children }: Props) {
  const suggested = newCapFor(batch, { code, lines });
  const [written, setWritten] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  useFocusKept(button);
  const act = (maxCost: number | null): void => retry.run({ code, lines, maxCost });
  if (suggested === null && question === '')
    return (
      <button ref={button} type="button" className={kind} disabled={retry.busy} onClick={() => act(null)}>
        {words}
      </button>
    );
  const spent = batch.cost.actual ?? 0;
  const cap = suggested === null ? '' : text.failures.cap(usd(batch.max_cost), usd(spent));
  const value = written ?? String(suggested ?? '');
  return (
    <Sure
      words={words}
      question={[question, children ? '' : cap].filter(Boolean).join(' ')}
      yes={text.failures.yes}
      busy={retry.busy}
      kind={kind}
      act={() => act(suggested === null ? null : Number(value))}
    >
      {children}
      {children && cap && <p>{cap}</p>}
      {suggested !== null && (
        <Field
          label={text.failures.capLabel}
          value={value}
          change={setWritten}
          type="number"
          min={spent}
          step="any"
          required
        />
      )}
    </Sure>
  );
}

/** What so many lines cost, to stand in a sentence; empty: not known. */
export function costWords(batch: Batch, lines: number): string {
  const cost = costOfLines(batch, lines);
  return cost === null || cost === 0 ? '' : usd(cost);
}
