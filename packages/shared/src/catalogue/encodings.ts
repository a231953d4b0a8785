import iconv from 'iconv-lite';

/**
 * Encodings that catalogues are written in. iconv-lite decodes all but UTF-8 and UTF-16: Node's `TextDecoder` reads
 * windows-1252 as Latin-1 in some versions, so that typographic quotes become control characters.
 */
const encodings = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'iso-8859-1',
  'iso-8859-2',
  'iso-8859-15',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'koi8-r',
  'macintosh',
  'cp437',
  'cp850',
  'cp866',
  'windows-874',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'gbk',
  'big5',
  'euc-kr',
] as const;

export type Encoding = (typeof encodings)[number];

export const encodingNames: string = encodings.join(', ');

/** Names that programs give to the same encodings. */
const aliases: Readonly<Record<string, Encoding>> = {
  utf8: 'utf-8',
  utf8sig: 'utf-8',
  utf8bom: 'utf-8',
  cp65001: 'utf-8',
  ascii: 'utf-8',
  usascii: 'utf-8',
  utf16: 'utf-16le',
  unicode: 'utf-16le',
  ucs2: 'utf-16le',
  latin1: 'iso-8859-1',
  latin2: 'iso-8859-2',
  latin9: 'iso-8859-15',
  ansi: 'windows-1252',
  macroman: 'macintosh',
  tis620: 'windows-874',
  sjis: 'shift_jis',
  windows31j: 'shift_jis',
  ms932: 'shift_jis',
  cp932: 'shift_jis',
  cp936: 'gbk',
  gb2312: 'gbk',
  cp950: 'big5',
  big5hkscs: 'big5',
  cp949: 'euc-kr',
  ksc5601: 'euc-kr',
};

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
const byName = new Map<string, Encoding>(encodings.map((name) => [bare(name), name]));

/** The encoding that a name stands for, or null. Case, blanks, dashes and underscores do not matter. */
export function encodingOf(name: string): Encoding | null {
  const short = bare(name);
  return byName.get(short) ?? byName.get(short.replace(/^cp125/, 'windows125')) ?? aliases[short] ?? null;
}

// What Japanese and Korean programs write under these names are Microsoft's supersets of the standards.
const inIconv: Partial<Record<Encoding, string>> = { shift_jis: 'cp932', 'euc-kr': 'cp949', gbk: 'gb18030' };

/** Text of bytes in an encoding other than UTF-8 and UTF-16; U+FFFD stands where they are not of it. */
export function decodeLegacy(bytes: Buffer, encoding: Encoding): string {
  return iconv.decode(bytes, inIconv[encoding] ?? encoding, { stripBOM: false });
}
