import { open, type FileHandle } from 'node:fs/promises';

/** Names in a folder become durable with the folder, not with the file. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The same for a folder that is synced often: who asks while a sync is under way shares the next one. */
export class FolderSync {
  readonly #folder: FileHandle;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  private constructor(folder: FileHandle) {
    this.#folder = folder;
  }

  static async open(path: string): Promise<FolderSync> {
    return new FolderSync(await open(path, 'r'));
  }

  async sync(): Promise<void> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(
      async () => this.#start(),
      async () => this.#start(),
    );
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }

  async #start(): Promise<void> {
    this.#next = null;
    this.#running = this.#folder.sync().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }
}
