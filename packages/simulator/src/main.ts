import { help, readCommandLine, UsageError } from './cli.js';
import { startSimulator } from './simulator.js';

async function main(): Promise<void> {
  const options = readCommandLine(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(help);
    return;
  }
  const simulator = await startSimulator(options);
  const stop = (): void => {
    // An open channel to a parent would keep this process alive.
    simulator.close().then(() => process.connected && process.disconnect(), fail);
  };
  // A simulator that another process has started goes when that process does.
  process.once('SIGINT', stop).once('SIGTERM', stop).once('disconnect', stop);
  // Who has read this may end it.
  process.stdout.write(`simulator listening on ${simulator.url}\n`);
}

function fail(error: unknown): void {
  const usage = error instanceof UsageError;
  process.stderr.write(usage ? `${error.message}\nTry --help.\n` : `${String(error)}\n`);
  process.exitCode = usage ? 2 : 1;
}

await main().catch(fail);
