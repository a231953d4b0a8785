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

/** What went well, said where it was asked for. */
export function Done({ message }: { readonly message: string | null }) {
  return (
    <p className="well" role="status">
      {message}
    </p>
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

export function Loading({ children }: { readonly children?: string }) {
  return (
    <p className="quiet" role="status">
      {children ?? text.loading}
    </p>
  );
}

/** A page's name, what it is for or how it stands, and what can be done on it. */
export function Title({
  name,
  lead,
  state,
  children,
}: {
  readonly name: string;
  readonly lead?: string;
  readonly state?: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <div className="title">
      <div>
        <h1>{name}</h1>
        {lead && <p className="lead">{lead}</p>}
        {state && <p className="quiet">{state}</p>}
      </div>
      {children && <div className="actions">{children}</div>}
    </div>
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
