import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './world.js';

/** Files of requests that the API has not worked off yet; a request's folder goes a moment after its answer. */
export async function uploadsOnDisk(world: Pick<World, 'dir'>): Promise<string[]> {
  try {
    const folder = join(world.dir, 'data', 'uploads');
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    // A folder that went while it was read: look again.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return uploadsOnDisk(world);
    throw error;
  }
}
