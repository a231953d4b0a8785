const contentTypes: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/jsonl',
  csv: 'text/csv',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  zip: 'application/zip',
};

/** What a key's ending says of its bytes, or null where it says nothing. */
export function contentTypeOf(key: string): string | null {
  const ending = /\.([a-z]+)$/.exec(key)?.[1];
  return (ending && contentTypes[ending]) ?? null;
}
