import { readFile } from 'node:fs/promises';

/** A page in which each block under `<!-- file: path -->` is that file, as it stands. */
export async function withFiles(root, page) {
  const text = await readFile(new URL(page, root), 'utf8');
  const parts = text.split(/(<!-- file: \S+ -->\n\n```\w+\n[^]*?\n```\n)/);
  const filled = parts.map(async (part) => {
    const [, marker, path, fence] = /^(<!-- file: (\S+) -->\n\n)(```\w+\n)/.exec(part) ?? [];
    return path ? `${marker}${fence}${await readFile(new URL(path, root), 'utf8')}\`\`\`\n` : part;
  });
  return (await Promise.all(filled)).join('');
}
