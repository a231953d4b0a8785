import type { ReactNode } from 'react';
import { text } from '../text';

/** What went wrong, and the way on where there is one. */
export function Problem({ message, again }: { readonly message: string | null; readonly again?: () => void }) {
  if (message === null) return null;
  return (
    <div className="problem" role="alert">
      <p>{message}</p>
      {again && (
        <button type="button" onClick={again}>
          {text.again}
        </button>
      )}
    </div>
  );
}

/** Nothing is here yet: what to do first. */
export function Empty({ title, children }: { readonly title?: string; readonly children: ReactNode }) {
  return (
    <div className="empty">
      {title && <h2>{title}</h2>}
      {children}
    </div>
  );
}

export function Loading() {
  return (
    <p className="quiet" role="status">
      {text.loading}
    </p>
  );
}

/** A name and its figure. */
export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
