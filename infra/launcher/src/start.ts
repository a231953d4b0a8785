#!/usr/bin/env node
import { compactLine } from './log-lines.js';
import { outliveStdout, sayOnStdout } from './say.js';
import { sayFailure, serve } from './serve.js';

/** `npm start`: API, worker and dashboard on this machine until Ctrl-C. */
// oxlint-disable-next-line node/no-process-env -- the entry point reads the environment once and passes it down
const { env } = process;
const terminal = process.stdout.isTTY;

outliveStdout();
try {
  process.exitCode = await serve({
    env,
    // As in the schema, which is read only after the directory has given what the schema demands.
    dataDir: env['RENDERMILL_DATA_DIR'] || './.rendermill',
    log: sayOnStdout,
    childLog: (line, from) => sayOnStdout(terminal ? compactLine(line, from) : line),
  });
} catch (error) {
  sayFailure(error, sayOnStdout);
  process.exitCode = 1;
}
