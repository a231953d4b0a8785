// Copies the Lua scripts of packages/shared beside their compiled TypeScript: tsc moves only what it compiles.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const shared = fileURLToPath(new URL('../packages/shared/', import.meta.url));
cpSync(`${shared}src/adapters/redis/scripts`, `${shared}dist/adapters/redis/scripts`, { recursive: true });
