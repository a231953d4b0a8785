/** A picture's file name, the same in every run, so that a second one finds what the first one fetched. */

const maxNameBytes = 150;
const endings: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
};

/**
 * Letters and digits of any script and `.` `_` `-` stay. Where that changes a custom_id, or where a disk would take two
 * for one (`A` and `a`), the line tells them apart, behind a `~` that no name has.
 */
export class Names {
  readonly #given = new Map<string, number>();

  of(customId: string, line: number, index: number, contentType: string): string {
    const name = plain(customId);
    const lower = name.toLowerCase();
    const holder = this.#given.get(lower) ?? line;
    this.#given.set(lower, holder);
    const base = name === customId && holder === line ? name : `${name}~${line}`;
    return `${base}-${index}.${endings[contentType] ?? 'bin'}`;
  }
}

function plain(customId: string): string {
  let name = customId
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]/gu, '_')
    .replace(/^\.+/, '_');
  while (Buffer.byteLength(name) > maxNameBytes) name = [...name].slice(0, -8).join('');
  return name;
}
