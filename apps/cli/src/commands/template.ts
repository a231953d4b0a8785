import { headOf, refuseStranger } from '../batch/kind-of-file.js';
import { exitCodes, text, UsageError, type Command } from '../command.js';
import { clip } from '../format.js';

/** A catalogue's template to begin with, from what shops usually call their columns. */
export const template: Command = {
  usage: 'template FILE.csv [--encoding NAME]',
  summary: 'Writes a template for a catalogue to begin with, by the names of its columns.',
  options: { encoding: { type: 'string' } },
  optionsHelp: [
    '--encoding NAME  where it is not UTF-8: shift_jis, gbk, windows-1252 …',
    'rendermill template shop.csv > template.json; then change the words of `prompt`: docs/catalogues.md',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { positionals, terminal } = run;
    const encoding = text(run, 'encoding');
    const columns = columnsOf(await beginning(positionals[0] ?? '', encoding));
    if (columns.length === 0) throw new UsageError('The file has no header that names columns.');
    const csv = encoding === undefined ? {} : { csv: { encoding } };
    terminal.print(JSON.stringify({ ...draft(columns), ...csv }, null, 2));
    terminal.say(`Columns: ${columns.map((name) => clip(name, 60)).join(', ')}`);
    return exitCodes.done;
  },
};

async function beginning(file: string, encoding: string | undefined): Promise<string> {
  const head = await headOf(file, 65_536);
  refuseStranger(file, head);
  const isUtf16 = head[0] === 0xff && head[1] === 0xfe;
  return decoded(file, head, encoding ?? (isUtf16 ? 'utf-16le' : 'utf-8'));
}

function decoded(file: string, head: Buffer, encoding: string): string {
  let found: string;
  try {
    // As a stream: the last sign may be cut.
    found = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
  } catch (cause) {
    const example = 'name its encoding, as --encoding windows-1252 or shift_jis.';
    const what = cause instanceof RangeError ? `${encoding} is no encoding` : `${file} is not ${encoding}`;
    throw new UsageError(`${what}: ${example}`, { cause });
  }
  if (found.includes('\0')) throw new UsageError(`${file} is no CSV: it is no text.`);
  return found;
}

/** The header's cells. The API reads the file itself, more carefully: this is for a first draft alone. */
function columnsOf(content: string): string[] {
  const lines = content.split(/\r\n|\r|\n/);
  const header = (/^sep=.$/.test(lines[0] ?? '') ? lines[1] : lines[0]) ?? '';
  const outside = header.replaceAll(/"(?:[^"]|"")*"/g, '');
  const counts = [',', ';', '\t', '|'].map((sign) => [sign, outside.split(sign).length] as const);
  const [delimiter] = counts.reduce((best, one) => (one[1] > best[1] ? one : best));
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^${delimiter === '|' ? '\\|' : delimiter}]*))(?:${delimiter === '|' ? '\\|' : delimiter}|$)`,
    'y',
  );
  const cells: string[] = [];
  while (cell.lastIndex < header.length) {
    const found = cell.exec(header);
    if (!found) break;
    cells.push((found[1]?.replaceAll('""', '"') ?? found[2] ?? '').trim());
  }
  return cells.filter((name) => name !== '');
}

function draft(columns: readonly string[]) {
  const find = (...patterns: RegExp[]): string | undefined =>
    patterns.flatMap((pattern) => columns.find((column) => pattern.test(column)) ?? [])[0];
  const handle = find(/^handle$/i);
  const id = handle ?? find(/sku/i, /^(product[ _]?)?id$/i, /code|number/i) ?? columns[0] ?? '';
  const title = find(/^title$/i, /^name$/i, /title|name/i) ?? columns[0] ?? '';
  const words = find(/^body/i, /description/i);
  const about = words === undefined ? '' : ` ${insert(words, ' | strip_html | truncate: 300')}`;
  return {
    template: {
      custom_id: insert(id),
      when: insert(title),
      prompt: `Studio product photograph: ${insert(title)}.${about}\nCentred on a seamless light background, soft daylight from the left, gentle shadow, true colours. No text, no watermark, no people.`,
      // Named, so that the price is true: what is left to the model is counted at its dearest.
      size: '1024x1024',
      quality: 'medium',
    },
    ...(handle === undefined ? {} : { group_by: handle }),
  };
}

/** A column as Liquid calls it. */
const insert = (column: string, filter = ''): string =>
  `{{ ${/^[A-Za-z_]\w*$/.test(column) ? column : `row[${JSON.stringify(column)}]`}${filter} }}`;
