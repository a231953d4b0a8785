import { useLayoutEffect, type RefObject } from 'react';

/** Where the keyboard stands on what goes away, it goes on at the page's beginning, not outside of the page. */
export function useFocusKept(...places: readonly RefObject<HTMLElement | null>[]): void {
  useLayoutEffect(
    () => () => {
      // These are in the page for the last time.
      if (places.some(({ current }) => current?.contains(document.activeElement)))
        document.getElementById('main')?.focus({ preventScroll: true });
    },
    // The same refs for life.
    [],
  );
}
