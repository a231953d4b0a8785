import { open } from 'node:fs/promises';

/** Names in a folder become durable with the folder, not with the file. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
