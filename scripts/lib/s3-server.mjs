// A real S3 server for the tests: S3_TEST_ENDPOINT where it is given, else a single-node Ceph RGW from Debian's
// packages, which root can install. Null where neither can be had.
import { execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../infra/test/ceph-rgw.sh', import.meta.url));
const packages = ['ceph-mon', 'ceph-osd', 'radosgw'];
const execute = promisify(execFile);

export async function startS3Server(dir, say) {
  if (process.env.S3_TEST_ENDPOINT) return { env: {}, stop: async () => undefined };
  if (!(await obtain(say))) return null;
  for (let attempt = 1; ; attempt++) {
    const startedAt = Date.now();
    const port = String(await freePort());
    try {
      const { stdout } = await capture('bash', [script, 'start', dir, port]);
      const env = Object.fromEntries(
        stdout.split('\n').flatMap((line) => (line.includes('=') ? [line.split(/=(.*)/).slice(0, 2)] : [])),
      );
      say(`Ceph RGW on port ${port}, ready after ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
      return { env, stop: async () => capture('bash', [script, 'stop', dir, port]) };
    } catch (error) {
      say(`Ceph RGW does not start on port ${port}: ${error.message}`);
      // Somebody else may have taken a port of its range in the meantime.
      if (attempt === 3) return null;
    }
  }
}

/** True where the server's programs are on this machine, now. */
async function obtain(say) {
  const has = async () => (await Promise.all(packages.map(present))).every(Boolean);
  if (await has()) return true;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  say(`Installing ${packages.join(', ')} for the S3 tests …`);
  try {
    await aptInstall(packages);
    return await has();
  } catch (error) {
    say(`apt-get cannot install them: ${error.message}`);
    return false;
  }
}

export async function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await execute('apt-get', ['update', '-qq'], { env, timeout: 180_000 });
  await execute('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    env,
    timeout: 600_000,
    maxBuffer: 64e6,
  });
}

async function present(program) {
  return execute('sh', ['-c', `command -v ${program}`]).then(
    () => true,
    () => false,
  );
}

/** The server binds a range behind its port too: one whose neighbourhood is likely free, and others do not try at once. */
async function freePort() {
  for (let port = 17_480 + 100 * randomInt(50); ; port += 100) {
    const free = await new Promise((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** Its servers live on in the background, so its pipes must not be waited for. */
function capture(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve({ stdout, stderr });
      else reject(new Error(stderr.trim().split('\n').slice(-3).join(' | ') || `exit ${code}`));
    });
  });
}
