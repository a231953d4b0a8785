import { readFileSync } from 'node:fs';

/** The corpus of bad input: 332 requests with the answer each should get, and where ours differs, and why. */

export interface CorpusRow {
  readonly n: number;
  readonly section: string;
  readonly input: string;
  readonly status: number | 'closed';
  readonly code: string | null;
}

/** Where the contract, or a decision of ours, says otherwise than the corpus. */
export interface Exception {
  readonly status: number | 'closed';
  readonly code: string | null;
  readonly because: string;
}

const rows = JSON.parse(readFileSync(new URL('rows.json', import.meta.url), 'utf8')) as CorpusRow[];

/** The rows of a section, each with the answer that is expected of us. An exception that says the same as its row is none. */
export function section(letter: string, exceptions: Readonly<Record<number, Exception>>): CorpusRow[] {
  const chosen = rows.filter((row) => row.section === letter);
  for (const n of Object.keys(exceptions).map(Number)) {
    const row = chosen.find((candidate) => candidate.n === n);
    const ours = exceptions[n];
    if (!row || !ours) throw new Error(`exception ${n} is of no row in section ${letter}`);
    if (row.status === ours.status && row.code === ours.code) throw new Error(`exception ${n} is none`);
  }
  return chosen.map((row) => ({ ...row, ...exceptions[row.n] }));
}
