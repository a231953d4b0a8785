import { open } from 'node:fs/promises';
import { UsageError } from '../command.js';

/** What people take for a table, by how it begins; told before anything is sent. */
const strangers: readonly (readonly [string, string])[] = [
  ['504b0304', 'an Excel workbook (XLSX) or another ZIP file; save the sheet as "CSV UTF-8"'],
  ['d0cf11e0', 'an old Excel workbook (XLS); save the sheet as "CSV UTF-8"'],
  ['1f8b', 'compressed with gzip; unpack it'],
  ['25504446', 'a PDF'],
  ['89504e47', 'a PNG picture'],
  ['ffd8ff', 'a JPEG picture'],
];

export function refuseStranger(file: string, head: Buffer): void {
  const start = head.toString('hex', 0, 8);
  const found = strangers.find(([magic]) => start.startsWith(magic));
  if (found) throw new UsageError(`${file} is no CSV or JSONL but ${found[1]}.`);
}

/** The first bytes of a file. */
export async function headOf(file: string, length: number): Promise<Buffer> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code}).`);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
