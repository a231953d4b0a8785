import { createInterface } from 'node:readline/promises';

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
  /** A line that is typed or piped in. */
  readonly ask: (question: string) => Promise<string>;
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
    ask: readLine,
  };
}

async function readLine(question: string): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, ...(isTerminal ? { output: process.stderr } : {}) });
  try {
    if (isTerminal) return await lines.question(question);
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
