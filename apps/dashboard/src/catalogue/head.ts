/** The columns of a CSV, from its first bytes: only to offer them. The API reads the file itself and has the last word. */

const headBytes = 64 * 1024;
const delimiters = [',', ';', '\t', '|'];

export async function columnsOf(file: Blob, encoding: string): Promise<string[]> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  const lines = decode(bytes, encoding).replace(/^sep=.\r?\n/, '');
  const most = delimiters
    .map((delimiter) => firstRecord(lines, delimiter))
    .reduce((best, cells) => (cells.length > best.length ? cells : best));
  return most.map((cell) => cell.trim()).filter((cell) => cell !== '');
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

function firstRecord(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') cell += text.charAt(++at);
      else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (char === '\n' || char === '\r') break;
    else cell += char;
  }
  return [...cells, cell];
}
