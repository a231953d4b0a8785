import { text } from '../text';

/** What a file is by its first bytes, whatever it is called. */
export type Kind = 'csv' | 'jsonl';

/** As much as the API takes of a file for a batch. */
const maxBytes = 2 * 1024 ** 3;

const beginnings = {
  workbook: [
    [0x50, 0x4b, 0x03, 0x04],
    [0xd0, 0xcf, 0x11, 0xe0],
  ],
  packed: [[0x1f, 0x8b]],
} as const;

/** Throws what to do where it can be no batch. */
export function kindOf(file: Pick<File, 'size'>, head: Uint8Array): Kind {
  const words = text.catalogue.file;
  if (file.size === 0) throw new Error(words.empty);
  if (file.size > maxBytes) throw new Error(words.tooLarge);
  const begins = (bytes: readonly number[]): boolean => bytes.every((byte, at) => head[at] === byte);
  if (beginnings.workbook.some(begins)) throw new Error(words.workbook);
  if (beginnings.packed.some(begins)) throw new Error(words.packed);
  // JSON is UTF-8; a byte order mark is taken away with it.
  const start = new TextDecoder().decode(head.subarray(0, 1_024)).trimStart();
  if (/^\[\s*[{\]]/.test(start)) throw new Error(words.list);
  return /^\{\s*["}]/.test(start) ? 'jsonl' : 'csv';
}
