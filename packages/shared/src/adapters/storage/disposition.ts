/** `Content-Disposition` of a file that a browser saves under this name; in a page's `<img>` it is shown all the same. */
export function attachmentAs(fileName: string): string {
  return `attachment; ${named(fileName)}`;
}

function named(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\]/g, '_');
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return ascii === fileName ? `filename="${ascii}"` : `filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
