import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Apt, chosen, type AptOptions } from './redis-apt.js';
import { findUnpacked, libraryPathOf, type RedisProgram } from './redis-search.js';

// A library may need others in turn.
const mostRounds = 4;

/**
 * Without root: apt works on package lists of our own (the system's may be missing, old or locked), downloads the
 * package, and dpkg unpacks it under `target`. Libraries that this system lacks come the same way. The package
 * database is not asked what is there, for on many a machine it is in disorder: the loader is.
 */
export async function unpackByApt(options: AptOptions, target: string): Promise<RedisProgram> {
  const draft = `${target}.new`;
  const work = `${target}.apt`;
  const debs = join(work, 'debs');
  for (const directory of [draft, work, target]) rmSync(directory, { recursive: true, force: true });
  for (const directory of [draft, join(work, 'lists/partial'), join(work, 'archives/partial'), debs]) {
    mkdirSync(directory, { recursive: true });
  }
  const settings = {
    'Dir::State': work,
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': work,
    'Dir::Log': work,
    // Under root apt downloads as a user who cannot enter a private directory.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const apt = new Apt(options, flags);
  const unpack = async () => {
    for (const deb of readdirSync(debs)) {
      await apt.run('dpkg', ['-x', join(debs, deb), draft], 30_000);
      rmSync(join(debs, deb));
    }
  };
  try {
    const name = await apt.firstPackage(['download'], debs);
    await unpack();
    for (let round = 0; round < mostRounds; round++) {
      const wanted = packagesFor(await missing(apt, draft), await dependencies(apt, name));
      if (wanted.length === 0) break;
      await apt.get(['download', ...wanted], debs);
      await unpack();
    }
    chosen(await findUnpacked(draft, options.signal));
    renameSync(draft, target);
    return chosen(await findUnpacked(target, options.signal));
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(work, { recursive: true, force: true });
  }
}

/** The libraries that the loader does not find for the unpacked server. */
async function missing(apt: Apt, root: string): Promise<string[]> {
  const bin = join(root, 'usr/bin');
  // The server, under the name that the package gives it: see redis-search.ts.
  const servers = readdirSync(bin).filter((name) => name.endsWith('-check-rdb'));
  const files = servers.map((name) => join(bin, name));
  return missingLibraries(await apt.run('ldd', files, 10_000, { env: { LD_LIBRARY_PATH: libraryPathOf(root) } }));
}

/** From the output of `ldd`. */
export function missingLibraries(text: string): string[] {
  return [...new Set([...text.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name ?? ''))];
}

/** All packages that one needs, directly or not. */
async function dependencies(apt: Apt, name: string): Promise<string[]> {
  const leaveOut = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  );
  const text = await apt.cache(['depends', '--recurse', ...leaveOut, name]);
  return text.split('\n').filter((line) => /^[a-z0-9]/.test(line));
}

/** Debian names a library's package after its soname: liblzf.so.1 is in liblzf1, libssl.so.3 in libssl3 or libssl3t64. */
export function packagesFor(libraries: readonly string[], candidates: readonly string[]): string[] {
  const found = libraries.flatMap((library) => {
    const [stem = library, version = ''] = library.split('.so.');
    const exact = candidates.filter(
      (name) => name.startsWith(`${stem}${version}`) || name.startsWith(`${stem}-${version}`),
    );
    return exact.length > 0 ? exact : candidates.filter((name) => name.startsWith(stem));
  });
  return [...new Set(found)];
}
