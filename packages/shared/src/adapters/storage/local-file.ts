import { createHash } from 'node:crypto';
import { constants, copyFile, link, open, realpath, type FileHandle } from 'node:fs/promises';
import { StorageError, type FileFacts } from '../../ports/storage.js';
import { errnoOf } from './errno.js';

// Large enough that reads cost little, small enough that hashing one piece holds the event loop for about 0.15 ms.
const pieceBytes = 256 * 1_024;

/** Lower-case hex sha256 of an open file, from its beginning. */
export async function sha256OfFile(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(pieceBytes);
  let at = 0;
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, pieceBytes, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** A file to be stored that is not there is not what its facts promise. */
function gone(file: string) {
  return (error: unknown): never => {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new StorageError('mismatch', `the file to be stored is gone: ${file}`, error);
  };
}

export function openLocalFile(file: string): Promise<FileHandle> {
  return open(file, 'r').catch(gone(file));
}

// Another file system, one without hard links, a file of another user (protected_hardlinks), too many links.
const unlinkable = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** A second name for a local file where the file system allows it, a copy elsewhere. */
export async function linkOrCopy(file: string, target: string): Promise<void> {
  // link() would give a symbolic link a second name, and not the file.
  const source = await realpath(file).catch(gone(file));
  try {
    await link(source, target);
  } catch (error) {
    if (!unlinkable.has(errnoOf(error) ?? '')) throw error;
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

/** Throws `mismatch` where the file is of another length than promised: one call, before any byte is moved. */
export async function checkLength(handle: FileHandle, facts: FileFacts): Promise<void> {
  const { size } = await handle.stat();
  if (size !== facts.bytes)
    throw new StorageError('mismatch', `the file to be stored has ${size} bytes, not ${facts.bytes}`);
}

/** Throws `mismatch` where the bytes are others than promised. */
export async function checkBytes(handle: FileHandle, facts: FileFacts): Promise<void> {
  const actual = await sha256OfFile(handle);
  if (actual !== facts.sha256)
    throw new StorageError('mismatch', `the file to be stored has sha256 ${actual}, not ${facts.sha256}`);
}

/** {@link checkBytes} of a file that is not open. */
export async function checkFile(file: string, facts: FileFacts): Promise<void> {
  const handle = await openLocalFile(file);
  try {
    await checkBytes(handle, facts);
  } finally {
    await handle.close();
  }
}
