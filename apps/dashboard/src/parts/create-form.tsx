import { useEffect, useRef, type ReactNode } from 'react';
import { newIdempotencyKey } from '../catalogue/template';
import { useSession } from '../session';
import { useAction } from '../use-action';
import { Problem } from './notice';

interface Props<T> {
  readonly words: {
    readonly add: string;
    readonly create: string;
    readonly busy: string;
    readonly discard: string;
  };
  readonly path: string;
  readonly body: object;
  /** Why its choices could not be read. */
  readonly problem?: string | null;
  readonly isReady: boolean;
  readonly cancel: () => void;
  readonly done: (made: T) => void;
  readonly children: ReactNode;
}

/** A form that makes one thing. Sent twice it is made once, as long as nothing of it was changed. */
export function CreateForm<T>({ words, path, body, problem, isReady, cancel, done, children }: Props<T>) {
  const { client } = useSession();
  const action = useAction();
  const sent = useRef({ text: '', key: '' });
  const form = useRef<HTMLFormElement>(null);
  // What opened it is gone: who writes goes on here.
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const create = (): void =>
    action.run('create', async () => {
      const written = JSON.stringify(body);
      if (sent.current.text !== written) sent.current = { text: written, key: newIdempotencyKey() };
      done(await client.post<T>(path, body, { 'idempotency-key': sent.current.key }));
    });
  return (
    <form
      ref={form}
      className="card"
      aria-label={words.add}
      onSubmit={(event) => {
        event.preventDefault();
        create();
      }}
    >
      <h2>{words.add}</h2>
      {children}
      <Problem message={action.problem ?? problem ?? null} />
      <div className="together">
        <button type="submit" className="main" disabled={action.busy !== null || !isReady}>
          {action.busy ? words.busy : words.create}
        </button>
        <button type="button" onClick={cancel}>
          {words.discard}
        </button>
      </div>
    </form>
  );
}
