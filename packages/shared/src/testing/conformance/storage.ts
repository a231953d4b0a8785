import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Storage } from '../../ports/storage.js';
import type { StorageWorld } from './storage-fixtures.js';
import { listFacts } from './storage-list.js';
import { putOnceFacts } from './storage-put-once.js';
import { readFacts } from './storage-read.js';
import { recordFacts } from './storage-records.js';

/** Registers the suite that every implementation of the storage port passes. */
export function describeStorage(name: string, open: () => Promise<Storage>): void {
  describe(`${name} keeps the promises of the storage port`, () => {
    let storage: Storage | undefined;
    let folder = '';

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'rendermill-storage-'));
      storage = await open();
    });

    afterAll(async () => {
      await storage?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const world = (): StorageWorld => {
      if (!storage) throw new Error('the store is not open');
      return { storage, folder, key: (ending) => `t/${randomBytes(8).toString('hex')}/${ending}` };
    };

    putOnceFacts(world);
    recordFacts(world);
    readFacts(world);
    listFacts(world);
  });
}
