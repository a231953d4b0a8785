import { useState } from 'react';
import { count } from '../format';
import { text } from '../text';

export interface Paging {
  /** What is added to the list's address. */
  readonly after: string;
  readonly number: number;
  readonly older: (last: string) => void;
  readonly newer: () => void;
  readonly first: () => void;
}

/** Pages of a list that grows at its head: the way that was come is the way back. */
export function usePaging(): Paging {
  const [trail, setTrail] = useState<readonly string[]>([]);
  const last = trail.at(-1);
  return {
    after: last === undefined ? '' : `&after=${last}`,
    number: trail.length + 1,
    older: (id) => setTrail([...trail, id]),
    newer: () => setTrail(trail.slice(0, -1)),
    first: () => setTrail([]),
  };
}

interface Props {
  readonly paging: Paging;
  readonly list: { readonly has_more: boolean; readonly last_id: string | null } | null;
}

export function Pager({ paging, list }: Props) {
  const next = list?.has_more ? list.last_id : null;
  if (paging.number === 1 && next === null) return null;
  const turn = (move: () => void) => () => {
    move();
    window.scrollTo(0, 0);
  };
  return (
    <nav className="pager" aria-label={text.pager.label}>
      <button type="button" disabled={paging.number === 1} onClick={turn(paging.newer)}>
        {text.pager.newer}
      </button>
      <span>{text.pager.page(count(paging.number))}</span>
      <button type="button" disabled={next === null} onClick={turn(() => next !== null && paging.older(next))}>
        {text.pager.older}
      </button>
    </nav>
  );
}
