import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Interrupted } from './stop.js';

/** Where a command reads and writes: results on stdout, words for people on stderr. */
export interface Terminal {
  readonly print: (text: string) => void;
  /** Bytes of a result, as fast as they are taken. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly say: (text: string) => void;
  /** A line that stands below what is said, in place of the one before; nothing where stderr is no terminal. */
  readonly show: (line: string) => void;
  /** Whether stderr is a terminal, where lines may be drawn over. */
  readonly drawn: boolean;
  readonly columns: number;
  /** Null where nobody is there to ask. */
  readonly confirm: (question: string) => Promise<boolean | null>;
  /** A line that is typed, unseen, or piped in. */
  readonly askSecret: (question: string) => Promise<string>;
}

const clearLine = '\r\u001b[2K';

export function openTerminal(): Terminal {
  // Who reads the first lines and goes has got what was wanted.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  const drawn = process.stderr.isTTY && process.stderr.columns > 0;
  let shown = '';
  const over = (text: string): string => (shown === '' ? text : `${clearLine}${text}${shown}`);
  return {
    // On a terminal the two streams are one.
    print: (text) => void process.stdout.write(process.stdout.isTTY ? over(`${text}\n`) : `${text}\n`),
    write: async (bytes) => {
      await new Promise<void>((done) => process.stdout.write(bytes, () => done()));
    },
    say: (text) => void process.stderr.write(over(`${text}\n`)),
    show: (line) => {
      if (!drawn) return;
      const before = shown === '' ? '' : clearLine;
      shown = line;
      process.stderr.write(`${before}${line}`);
    },
    drawn,
    columns: drawn ? process.stderr.columns : 80,
    confirm: async (question) => {
      if (!process.stdin.isTTY) return null;
      return /^y(es)?$/i.test((await readLine(`${question} [y/N] `)).trim());
    },
    askSecret: readSecret,
  };
}

/** Empty where the input ends; Ctrl-C is Ctrl-C. */
async function readLine(question: string, output: Writable = process.stderr): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // The terminal has stopped to repeat what is typed by now: whoever sees the question may answer it.
  if (output !== process.stderr) process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new Interrupted()));
      lines.once('close', () => resolve(''));
      lines.question(question, resolve);
    });
  } finally {
    lines.close();
    process.stderr.write(output === process.stderr ? '' : '\n');
  }
}

async function readSecret(question: string): Promise<string> {
  if (process.stdin.isTTY) return readLine(question, new Writable({ write: (_chunk, _encoding, done) => done() }));
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}
