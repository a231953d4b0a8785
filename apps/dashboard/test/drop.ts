import type { Page } from 'playwright-core';

/** A file as a person drops it: `at` is a selector. False: the page would have been left for the file. */
export async function dropFile(page: Page, at: string, name: string, content: string | Uint8Array): Promise<boolean> {
  await page.locator(at).first().waitFor();
  const bytes = JSON.stringify([...Buffer.from(content)]);
  return page.evaluate<boolean>(`(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([Uint8Array.from(${bytes})], ${JSON.stringify(name)}));
    const place = document.querySelector(${JSON.stringify(at)});
    const send = (type) => place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    return !send('dragover') && !send('drop');
  })()`);
}
