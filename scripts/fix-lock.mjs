// Completes package-lock.json after `npm install` on a registry that lacks some binaries of other platforms: npm drops
// them from the lock without a word, and `npm ci` then refuses it. Each gets a stub that says what it is for.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const packages = lock.packages;
const os = /(darwin|win32|windows|linux|android|freebsd|openharmony|netbsd|openbsd|sunos|aix|wasm32)/;
const cpu = /(arm64|x64|ia32|arm|ppc64|s390x|riscv64|loong64|mips64el|wasm32|64)(?:$|-|eabi)/;
const osNames = { windows: 'win32', wasm32: 'none' };

/** Whether a package finds a dependency in its own node_modules or in one above it. */
function isThere(from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base ? `${base}/` : ''}node_modules/${name}`]) return true;
    if (base === '') return false;
  }
}

function stub(name, version, dev) {
  const system = os.exec(name)?.[1];
  if (!system || !/^\d/.test(version)) return null;
  const processor = cpu.exec(name.slice(name.indexOf(system) + system.length))?.[1];
  return {
    version,
    ...(dev ? { dev: true } : {}),
    optional: true,
    ...(processor && processor !== 'wasm32' ? { cpu: [processor === '64' ? 'x64' : processor] } : {}),
    os: [osNames[system] ?? system],
    ...(/musl/.test(name) ? { libc: ['musl'] } : {}),
  };
}

let added = 0;
for (const [path, entry] of Object.entries({ ...packages })) {
  if (entry.link) continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const made = isThere(path, name) ? null : stub(name, version, entry.dev);
    if (!made) continue;
    packages[`node_modules/${name}`] = made;
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} stubs added\n`);
