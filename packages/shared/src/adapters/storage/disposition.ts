/** `Content-Disposition` of a file that a browser shows, and saves under this name. */
export function inlineAs(fileName: string): string {
  return `inline; ${named(fileName)}`;
}

/** The same of a file that a browser saves and does not show. */
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
