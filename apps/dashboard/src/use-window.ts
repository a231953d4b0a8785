import { useEffect, useState, type RefObject } from 'react';

export interface Window {
  readonly columns: number;
  /** The rows that are near the view: from, up to and without. */
  readonly first: number;
  /** The first that is seen in full. */
  readonly inView: number;
  readonly end: number;
  readonly rowHeight: number;
}

const beyond = 3;

/**
 * Which rows of a grid of square tiles are near the view while the page scrolls: only these are drawn, so that ten
 * thousand pictures cost what two hundred do.
 */
export function useWindow(
  grid: RefObject<HTMLElement | null>,
  { least, gap, caption }: { readonly least: number; readonly gap: number; readonly caption: number },
): Window {
  const [shown, setShown] = useState<Window>({
    columns: 1,
    first: 0,
    inView: 0,
    end: 4,
    rowHeight: least + caption + gap,
  });
  useEffect(() => {
    const element = grid.current;
    if (!element) return undefined;
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const { top, width } = element.getBoundingClientRect();
      const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
      const rowHeight = (width - gap * (columns - 1)) / columns + caption + gap;
      const first = Math.max(0, Math.floor(-top / rowHeight) - beyond);
      const inView = Math.max(0, Math.ceil(-top / rowHeight));
      const end = Math.max(first + 1, Math.ceil((window.innerHeight - top) / rowHeight) + beyond);
      setShown((before) =>
        before.columns === columns &&
        before.first === first &&
        before.inView === inView &&
        before.end === end &&
        Math.abs(before.rowHeight - rowHeight) < 0.01
          ? before
          : { columns, first, inView, end, rowHeight },
      );
    };
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    measure();
    const watcher = new ResizeObserver(soon);
    watcher.observe(element);
    window.addEventListener('scroll', soon, { passive: true });
    window.addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      watcher.disconnect();
      window.removeEventListener('scroll', soon);
      window.removeEventListener('resize', soon);
    };
  }, [grid, least, gap, caption]);
  return shown;
}
