/** The beginning of a file, to offer its columns at once. The API reads the file itself and has the last word. */

const headBytes = 64 * 1024;
const sampledRows = 20;
const delimiters = [',', ';', '\t', '|'];

export interface Column {
  readonly name: string;
  /** What stands in its first rows, where something does. */
  readonly samples: readonly string[];
}

export async function headOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
}

/** An encoding or delimiter that is empty is found. */
export function columnsOf(head: Uint8Array, encoding: string, delimiter: string): Column[] {
  const text = decode(head, encoding).replace(/^sep=.\r?\n/, '');
  const [names = [], ...rows] = (delimiter === '' ? delimiters : [delimiter])
    .map((one) => firstRecords(text, one, 1 + sampledRows))
    .reduce((best, records) => ((records[0]?.length ?? 0) > (best[0]?.length ?? 0) ? records : best));
  return names.flatMap((name, at) => {
    const samples = rows.flatMap((cells) => cells[at]?.trim() || []);
    return name.trim() === '' ? [] : [{ name: name.trim(), samples }];
  });
}

/** A character that the end of the head cuts in two is no fault. */
export function isUtf8(head: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function decode(bytes: Uint8Array, encoding: string): string {
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : '';
  try {
    return new TextDecoder(marked || encoding.trim() || 'utf-8').decode(bytes);
  } catch {
    // Half a name while it is typed, or one that the browser has not: the API knows more of them.
    return new TextDecoder().decode(bytes);
  }
}

function firstRecords(text: string, delimiter: string, most: number): string[][] {
  const records: string[][] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  const endRecord = (): void => {
    if (cell !== '' || cells.length > 0) records.push([...cells, cell]);
    [cells, cell] = [[], ''];
  };
  for (let at = 0; at < text.length && records.length < most; at += 1) {
    const char = text.charAt(at);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') cell += text.charAt(++at);
      else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (char === '\n' || char === '\r') endRecord();
    else cell += char;
  }
  if (records.length < most) endRecord();
  return records;
}
