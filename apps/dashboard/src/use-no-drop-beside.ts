import { useEffect } from 'react';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** A file that is dropped beside the box would open in the place of this page. */
export function useNoDropBeside(box: string): void {
  useEffect(() => {
    const prevent = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      const isInside = event.target instanceof Element && event.target.closest(box) !== null;
      if (event.dataTransfer && !isInside) event.dataTransfer.dropEffect = 'none';
    };
    window.addEventListener('dragover', prevent);
    window.addEventListener('drop', prevent);
    return () => {
      window.removeEventListener('dragover', prevent);
      window.removeEventListener('drop', prevent);
    };
  }, [box]);
}
