import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { hasApt } from '../src/redis-apt.js';
import { searchPath } from '../src/redis-search.js';
import { missingLibraries, packagesFor } from '../src/redis-unpack.js';
import { shortDir, tempDir } from './helpers.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/** Why the archive cannot be used from here, or null. apt's own helper asks, for it knows the system's proxies. */
async function obstacle(): Promise<string | null> {
  if (!hasApt(searchPath({}))) return 'this system has no apt';
  if (isRoot && spawnSync('setpriv', ['--version']).status !== 0)
    return 'there is no setpriv to become another user with';
  const uris = spawnSync('apt-get', ['update', '--print-uris'], { encoding: 'utf8', timeout: 10_000 }).stdout;
  const release = /'(\S+\/InRelease)'/.exec(uris)?.[1];
  if (release === undefined) return 'apt has no sources';
  const args = [
    '-o',
    'Acquire::Retries=0',
    '-o',
    'Acquire::http::Timeout=5',
    'download-file',
    release,
    join(await tempDir(), 'InRelease'),
  ];
  const answer = spawnSync('/usr/lib/apt/apt-helper', args, { encoding: 'utf8', timeout: 15_000 });
  return answer.status === 0 ? null : `${release} cannot be reached: ${answer.stderr}`;
}

const why = await obstacle();
if (why !== null) process.stderr.write(`SKIPPED: bringing Redis without root: ${why}\n`);
const describeWithArchive = why === null ? describe : describe.skip;

/** What the launcher needs, where everybody may read it: this repository may lie where only root may look. */
async function readableLauncher(): Promise<string> {
  const folder = await shortDir();
  const main = join('infra', 'launcher', 'test', 'fixtures', 'obtain-redis.mjs');
  const shared = join('node_modules', '@rendermill', 'shared');
  const parts = [join('infra', 'launcher', 'dist'), join('infra', 'redis.conf'), main];
  for (const part of [...parts, join(shared, 'dist'), join(shared, 'package.json')])
    cpSync(join(repository, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  // Whatever the umask of this process is.
  spawnSync('chmod', ['-R', 'a+rX', folder]);
  return join(folder, main);
}

/** Starts Redis as an unprivileged user for whom none is installed. PATH has no sbin, as a user's on Debian. */
async function bring(times: number, env: readonly string[] = []) {
  const dataDir = await shortDir();
  if (isRoot) chownSync(dataDir, nobody, nobody);
  chmodSync(dataDir, 0o700);
  const drop = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
  const bare = [
    'env',
    'PATH=/usr/local/bin:/usr/bin:/bin',
    `HOME=${dataDir}`,
    'DOCKER_HOST=unix:///no/docker.sock',
    ...env,
  ];
  const node = [process.execPath, await readableLauncher(), dataDir, String(times)];
  const [command = '', ...args] = [...drop, ...bare, ...node];
  const result = spawnSync(command, args, { cwd: dataDir, encoding: 'utf8', timeout: 200_000 });
  return { dataDir, status: result.status, output: result.stdout + result.stderr };
}

describeWithArchive('a machine without Redis', () => {
  test('gives an unprivileged user one from the archive, which is there at the next start', async () => {
    const { dataDir, status, output } = await bring(2);
    const brought = join(dataDir, 'redis-server');
    expect(output.trim().split('\n')).toEqual([
      `No Redis on this machine yet; bringing one: apt-get download into ${brought} …`,
      expect.stringMatching(/^Brought Redis [\d.]+ at .*\/redis-server\/usr\/bin\/\S+ in [\d.]+ m?s$/),
      expect.stringMatching(/^serves: Redis [\d.]+, private/),
      expect.stringMatching(/^Redis [\d.]+ from .*\/redis-server\/usr\/bin\//),
      expect.stringMatching(/^serves: Redis [\d.]+, private/),
    ]);
    expect(status).toBe(0);
    expect(readdirSync(dataDir).toSorted()).toEqual(['redis', 'redis-server']);
  }, 240_000);

  test('and without a network is told so, with the one command to type, and is left clean', async () => {
    const { dataDir, output } = await bring(1, ['http_proxy=http://127.0.0.1:9', 'https_proxy=http://127.0.0.1:9']);
    expect(output).toMatch(
      /- apt-get download into .*127\.0\.0\.1.*^Install it with: sudo apt-get install redis-server$/ms,
    );
    expect(readdirSync(dataDir)).toEqual([]);
  }, 240_000);
});

test('libraries that the loader misses are found in packages that are named after them', () => {
  const text =
    '\tliblzf.so.1 => not found\n\tlibssl.so.3 => not found\n\tlibm.so.6 => /lib/libm.so.6 (0x7f)\n\tlibjemalloc.so.2 => not found\n';
  const wanted = missingLibraries(`/a/redis:\n${text}/a/other:\n${text}`);
  expect(wanted).toEqual(['liblzf.so.1', 'libssl.so.3', 'libjemalloc.so.2']);
  const candidates = ['redis-tools', 'libc6', 'liblzf1', 'liblz4-1', 'libssl3t64', 'libjemalloc2', 'liblua5.1-0'];
  expect(packagesFor(wanted, candidates)).toEqual(['liblzf1', 'libssl3t64', 'libjemalloc2']);
  expect(packagesFor(['liblua5.1.so.0', 'libother.so.9'], candidates)).toEqual(['liblua5.1-0']);
});
