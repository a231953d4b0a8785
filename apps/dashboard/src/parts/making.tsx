import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Empty, Loading, Problem, Title } from './notice';
import { Secret } from './secret';
import type { Asked } from '../use-ask';

/** What is being made on a page, and the secret of what was made. */
export interface Making<T> {
  readonly isAdding: boolean;
  readonly add: () => void;
  readonly cancel: () => void;
  readonly made: T | null;
  readonly show: (made: T) => void;
  readonly close: () => void;
}

export function useMaking<T>(): Making<T> {
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<T | null>(null);
  return {
    isAdding,
    add: () => setAdding(true),
    cancel: () => setAdding(false),
    made,
    show: (one) => {
      setAdding(false);
      setMade(one);
      window.scrollTo(0, 0);
    },
    close: () => setMade(null),
  };
}

interface Props<T> {
  readonly words: {
    readonly title: string;
    readonly lead: string;
    readonly add: string;
    readonly emptyTitle: string;
    readonly empty: string;
    readonly secretTitle: string;
    readonly secretOnce: string;
  };
  readonly making: Making<T>;
  readonly secretOf: (made: T) => string | null;
  readonly asked: Asked<unknown>;
  readonly isEmpty: boolean;
  readonly children: ReactNode;
}

/** The head of a page that lists what is made on it: its name, the secret of the newest, the form, and what to do first. */
export function MakingHead<T extends { readonly name: string }>(props: Props<T>) {
  const { words, making, secretOf, asked, isEmpty, children } = props;
  const { isAdding, made } = making;
  const secret = made && secretOf(made);
  const button = useRef<HTMLButtonElement>(null);
  const wasAdding = useRef(false);
  // Left without making anything: back to where it was opened.
  useEffect(() => {
    if (wasAdding.current && !isAdding && secret === null) button.current?.focus();
    wasAdding.current = isAdding;
  }, [isAdding, secret]);
  const add = (
    <button ref={button} type="button" className="main" onClick={making.add}>
      {words.add}
    </button>
  );
  return (
    <>
      <Title name={words.title} lead={words.lead}>
        {!isAdding && !isEmpty && add}
      </Title>
      {made && secret != null && (
        <Secret
          title={`${words.secretTitle}: ${made.name}`}
          value={secret}
          hint={words.secretOnce}
          close={making.close}
        />
      )}
      {isAdding && children}
      <Problem message={asked.problem} again={asked.again} />
      {asked.data === null && asked.problem === null && <Loading />}
      {isEmpty && !isAdding && (
        <Empty title={words.emptyTitle}>
          <p>{words.empty}</p>
          {add}
        </Empty>
      )}
    </>
  );
}
