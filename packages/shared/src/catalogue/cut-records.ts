import { csvError } from './csv-error.js';

/** Text of one record without its line end, and the line of the file on which it begins (from 1). */
export interface CutRecord {
  readonly text: string;
  readonly line: number;
  /** Has a quote somewhere: its cells are more than the text between delimiters. */
  readonly quoted: boolean;
  readonly fault?: CutFault;
}

export interface CutFault {
  readonly kind: 'unclosed' | 'too_large';
  /** What stands before the cell at fault, as a record of its own; null where it is the first one. */
  readonly before: string | null;
}

export const maxRowBytes = 4 * 1024 * 1024;

/**
 * Text that may be read twice, since a quote in it was not closed, before the file is given up: so much, and once what
 * was read. Only a file made for it comes near: each of its lines would have to keep a record open.
 */
const maxReread = 32 * 1024 * 1024;

/** Where a character comes next; remembered, so that looking for a rare one does not cost a pass for each record. */
class Finder {
  readonly #mark: string;
  #text = '';
  #from = 0;
  #at = -1;

  constructor(mark: string) {
    this.#mark = mark;
  }

  reset(text: string): void {
    this.#text = text;
    this.#at = -1;
  }

  /** The first position at or after `from`; the text's length where there is none. */
  next(from: number): number {
    if (this.#at < from || from < this.#from) {
      const found = this.#text.indexOf(this.#mark, from);
      this.#from = from;
      this.#at = found === -1 ? this.#text.length : found;
    }
    return this.#at;
  }
}

type Found = { readonly end: number; readonly quoted: boolean; readonly fault?: CutFault } | 'more';

/**
 * Cuts text into records: lines, but for line ends within quotes. A quote opens only where a cell begins, and closes
 * before a delimiter or a line end. One that closes elsewhere on its own line is a character like another; one that
 * never closes, or only on a later line and in the middle of text, costs its row: reading goes on with the next line,
 * so that no quote eats the rest of the file.
 */
export class RecordCutter {
  readonly #delimiter: string;
  readonly #quotes = new Finder('"');
  readonly #feeds = new Finder('\n');
  readonly #returns = new Finder('\r');
  readonly #delimiters: Finder;
  #text = '';
  #line: number;
  #read = 0;
  #reread = 0;
  /** The last position that was looked at for a closing quote. */
  #seen = 0;
  /** A record that is not complete is looked at again when the text has this length: a long one costs two passes. */
  #enough = 0;
  /** Within a line that was refused for its length. */
  #skipping = false;

  constructor(delimiter: string, firstLine: number) {
    this.#delimiter = delimiter;
    this.#delimiters = new Finder(delimiter);
    this.#line = firstLine;
  }

  /** The records that are complete with this text. */
  push(text: string): CutRecord[] {
    return this.#cut(text, false);
  }

  end(): CutRecord[] {
    return this.#cut('', true);
  }

  #cut(more: string, last: boolean): CutRecord[] {
    this.#text += more;
    this.#read += more.length;
    if (this.#text.length < this.#enough && !last) return [];
    for (const finder of [this.#quotes, this.#feeds, this.#returns, this.#delimiters]) finder.reset(this.#text);
    const records: CutRecord[] = [];
    let at = 0;
    while (at < this.#text.length) {
      const found = this.#recordAt(at, last);
      if (found === 'more') break;
      const { end, ...record } = found;
      const text = this.#text.slice(at, end);
      if (this.#skipping) this.#skipping = false;
      else if (text !== '' || record.fault) records.push({ ...record, text, line: this.#line });
      this.#line += record.quoted ? countLines(text) : 1;
      at = end + (this.#text.startsWith('\r\n', end) ? 2 : 1);
    }
    this.#text = this.#text.slice(Math.min(at, this.#text.length));
    // A line of this length is refused without being held until its end.
    if (!this.#skipping && this.#text.length > maxRowBytes) {
      records.push({ text: '', line: this.#line, quoted: false, fault: { kind: 'too_large', before: null } });
      this.#skipping = true;
    }
    if (this.#skipping) this.#text = this.#text.endsWith('\r') ? '\r' : '';
    this.#enough = Math.min(2 * this.#text.length, maxRowBytes);
    return records;
  }

  /** The end of the line at `from`, or -1 where it is not there yet. A last CR may be half of a CRLF. */
  #lineEnd(from: number, last: boolean): number {
    const end = Math.min(this.#feeds.next(from), this.#returns.next(from));
    const complete = end < this.#text.length && (end + 1 < this.#text.length || this.#text[end] === '\n');
    return complete || last ? end : -1;
  }

  #recordAt(start: number, last: boolean): Found {
    const lineEnd = this.#lineEnd(start, last);
    if (this.#skipping || this.#quotes.next(start) >= (lineEnd === -1 ? this.#text.length : lineEnd)) {
      return lineEnd === -1 ? 'more' : { end: lineEnd, quoted: false };
    }
    let at = start;
    for (;;) {
      const closed = this.#text[at] === '"' ? this.#closeOf(at, last) : at;
      if (closed === 'more' || closed === 'unclosed') {
        const waits = closed === 'more' && !last && this.#text.length - start <= maxRowBytes;
        if (waits || lineEnd === -1) return 'more';
        return this.#unclosed(start, at, lineEnd);
      }
      const end = this.#lineEnd(closed, last);
      const delimiter = this.#delimiters.next(closed);
      if (delimiter < (end === -1 ? this.#text.length : end)) at = delimiter + 1;
      else return end === -1 ? 'more' : { end, quoted: true };
    }
  }

  /** The position after the quote that closes the one at `open`; of a quote in the middle of text, after that. */
  #closeOf(open: number, last: boolean): number | 'more' | 'unclosed' {
    const text = this.#text;
    for (let at = open + 1; ;) {
      const quote = text.indexOf('"', at);
      if (quote === -1 || (quote + 1 === text.length && !last)) {
        this.#seen = text.length;
        return 'more';
      }
      const next = text[quote + 1];
      if (next === '"') {
        at = quote + 2;
        continue;
      }
      const closes = next === undefined || next === this.#delimiter || next === '\n' || next === '\r';
      if (closes || !/[\r\n]/.test(text.slice(open, quote))) return quote + 1;
      this.#seen = quote;
      return 'unclosed';
    }
  }

  #unclosed(start: number, open: number, lineEnd: number): Found {
    this.#reread += this.#seen - lineEnd;
    if (this.#reread > maxReread + this.#read) {
      throw csvError(`Too many quotes are not closed, the last one in line ${this.#line}: mend the file's quotes.`);
    }
    const before = open === start ? null : this.#text.slice(start, open - 1);
    return { end: lineEnd, quoted: false, fault: { kind: 'unclosed', before } };
  }
}

function countLines(text: string): number {
  return 1 + (text.match(/\r\n|\r|\n/g)?.length ?? 0);
}
