import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';

interface Grid {
  readonly columns: number;
  /** Tiles of which it is made, drawn or not, and the place of the first among all. */
  readonly count: number;
  readonly base: number;
  readonly rowHeight: number;
}

/** Arrow keys in a grid of which only the tiles near the view exist: one that does not is scrolled to first. */
export function useGridKeys(grid: RefObject<HTMLElement | null>, { columns, count, base, rowHeight }: Grid) {
  const wanted = useRef<number | null>(null);
  const [, look] = useState(0);

  // After every drawing: the tile may be there now.
  useEffect(() => {
    const element = grid.current;
    const place = wanted.current;
    if (!element || place === null) return;
    const tile = element.querySelector<HTMLElement>(`[data-place="${place}"]`);
    if (tile || place < base || place >= base + count) wanted.current = null;
    else bringIntoView(element, Math.floor((place - base) / columns) * rowHeight, rowHeight);
    tile?.focus({ preventScroll: true });
    tile?.scrollIntoView({ block: 'nearest' });
  });

  const goTo = (place: number): void => {
    wanted.current = place;
    look((before) => before + 1);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -count,
      End: count,
    };
    const step = steps[event.key];
    const tile = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-place]') : null;
    if (step === undefined || !tile) return;
    event.preventDefault();
    const place = Number(tile.dataset['place']) + step;
    goTo(Math.max(base, Math.min(base + count - 1, place)));
  };
  return { goTo, onKeyDown };
}

/** Scrolls so that a row stands in the middle of the view. */
function bringIntoView(grid: HTMLElement, top: number, height: number): void {
  const at = grid.getBoundingClientRect().top + top;
  window.scrollTo(0, window.scrollY + at - (window.innerHeight - height) / 2);
}
