#!/usr/bin/env node
// Stands here before anything is built, so that `npm ci` can link it.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('rendermill is not built yet: run `npm run build` first.\n');
  process.exitCode = 2;
}
