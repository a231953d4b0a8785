import { fc } from '../../../test/properties.js';
import { describe, expect, test } from '@jest/globals';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { lines, showing, sourceOf } from './catalogue-world.js';

const piece = fc.integer({ min: 1, max: 40 });

describe('whatever the cells are', () => {
  // Text that templates trim or cells cannot be told from nothing by is kept out; the rest is as wild as it comes.
  const cell = fc
    .array(fc.constantFrom('a', '"', '""', ',', ';', '\t', '\n', '\r\n', '\r', 'é', '日', '👕', '{{', ' '), {
      maxLength: 8,
    })
    .map((parts) => parts.join(''));

  test('what is written in quotes is read as it was, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        piece,
        async (rows, delimiter, end, size) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const table = [['id', 'a', 'b'], ...rows.map((row, at) => [String(at + 1), ...row])];
          const text = table.map((row) => row.map(quoted).join(delimiter)).join(end) + end;
          const all = await lines(sourceOf(text, size), { template: showing('a', 'b'), csv: { delimiter } });
          const blank = (value: string) => (value.trim() === '' ? '' : value);
          expect(all.map((line) => ('body' in line ? line.body['prompt'] : line))).toEqual(
            rows.map(([a, b]) => `[${blank(a)}][${blank(b)}]`),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the same bytes come to the same lines, however they are cut; rows are numbered without a gap', async () => {
    const wild = fc
      .array(fc.constantFrom('a', '"', '""', ',', '\n', '\r\n', '\r', ',"', '",', '"\n', 'é', '\0', '1,x\n'), {
        maxLength: 60,
      })
      .map((parts) => `id,title\n${parts.join('')}`);
    await fc.assert(
      fc.asyncProperty(wild, piece, async (text, size) => {
        // Many zero bytes, and it is refused as a whole.
        const read = async (source: string | ReturnType<typeof sourceOf>) =>
          lines(source, { csv: { delimiter: ',' } }).catch((error: unknown) => {
            if (error instanceof RendermillError) return error.message;
            throw error;
          });
        const whole = await read(text);
        expect(await read(sourceOf(text, size))).toEqual(whole);
        if (typeof whole !== 'string') expect(whole.map((line) => line.row)).toEqual(whole.map((_, at) => at + 1));
      }),
      { numRuns: 500 },
    );
  });

  test('bytes of any kind are read or refused with a reason', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), piece, async (bytes, size) => {
        const text = Buffer.concat([Buffer.from('id,title\n1,Cup\n'), Buffer.from(bytes)]);
        const outcome = await lines(sourceOf(text, size)).catch((error: unknown) => error);
        expect(Array.isArray(outcome) || outcome instanceof RendermillError).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
