const maxNameBytes = 160;

/** A caller's id or name as that of a file on any disk: letters and digits of any script, and `.` `_` `-`; empty where nothing is left. */
export function safeFileName(given: string): string {
  let name = given
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]/gu, '_')
    .replace(/^\.+/, '_');
  while (Buffer.byteLength(name) > maxNameBytes) name = [...name].slice(0, -8).join('');
  return name;
}
