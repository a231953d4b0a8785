import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BlobReadError, JsonBlobReader, type BlobSink } from '@rendermill/shared/streams/json-blobs';

class MemorySink implements BlobSink<Buffer> {
  readonly parts: Buffer[] = [];
  aborted = false;
  async write(bytes: Buffer): Promise<void> {
    this.parts.push(Buffer.from(bytes));
  }
  async end(): Promise<Buffer> {
    return Buffer.concat(this.parts);
  }
  async abort(): Promise<void> {
    this.aborted = true;
  }
}

const blobStart = (key: string, head: string): number => {
  const comma = head.startsWith('data:image/') ? head.indexOf(';base64,') : -1;
  if (comma >= 0) return comma + ';base64,'.length;
  return key === 'b64_json' ? 0 : -1;
};

function reader(limits: Partial<{ maxJson: number; maxBlob: number; maxBlobs: number }> = {}) {
  return new JsonBlobReader<Buffer>(
    {
      blobStart,
      openSink: async () => new MemorySink(),
      maxJson: 100_000,
      maxBlob: 10_000_000,
      maxBlobs: 20,
      ...limits,
    },
    'n0nce',
  );
}

/** Feeds a document in pieces of the given size, and puts the blobs back where their markers stand. */
async function read(text: string | Buffer, pieceSize: number) {
  const document = Buffer.from(text);
  const subject = reader();
  for (let at = 0; at < document.length; at += pieceSize) await subject.write(document.subarray(at, at + pieceSize));
  const result = subject.end();
  const value: unknown = JSON.parse(result.json.toString(), (_key, part: unknown) => {
    const index = result.blobIndex(part);
    return index === null ? part : result.blobs[index];
  });
  return { value, blobs: result.blobs, json: result.json.toString() };
}

const pieceSizes = [1, 2, 3, 7, 64, 65_536];

describe('a document with blobs', () => {
  test.each(pieceSizes)('comes apart the same in pieces of %i bytes', async (pieceSize) => {
    const first = randomBytes(1_000);
    const second = randomBytes(1_001);
    const text = JSON.stringify(
      {
        created: 1,
        data: [
          { b64_json: first.toString('base64'), revised_prompt: 'a "quoted" \\ prompt, 名前 — ünïcode' },
          { url: null, b64_json: `data:image/png;base64,${second.toString('base64')}` },
        ],
        usage: { total_tokens: 3 },
      },
      null,
      2,
    );
    const { value } = await read(text, pieceSize);
    expect(value).toEqual({
      created: 1,
      data: [
        { b64_json: first, revised_prompt: 'a "quoted" \\ prompt, 名前 — ünïcode' },
        { url: null, b64_json: second },
      ],
      usage: { total_tokens: 3 },
    });
  });

  test.each(pieceSizes)('may escape its slashes and wrap its lines, in pieces of %i bytes', async (pieceSize) => {
    const bytes = randomBytes(3_000);
    const wrapped = bytes
      .toString('base64')
      .replaceAll(/(.{76})/g, '$1\\n')
      .replaceAll('/', '\\/')
      .replaceAll('+', '\\u002b');
    const { blobs } = await read(`{"data":[{"b64_json":"data:image\\/png;base64,${wrapped}"}]}`, pieceSize);
    expect(blobs[0]?.equals(bytes)).toBe(true);
  });

  test('may leave its padding out', async () => {
    for (const length of [100, 101, 102]) {
      const bytes = randomBytes(length);
      const { blobs } = await read(`{"b64_json":"${bytes.toString('base64').replaceAll('=', '')}"}`, 50);
      expect(blobs[0]?.equals(bytes)).toBe(true);
    }
  });

  test('keeps an array of data URLs under the name of its property', async () => {
    const image = randomBytes(300);
    const { value } = await read(
      JSON.stringify({ images: ['https://a.example/x.png', `data:image/png;base64,${image.toString('base64')}`] }),
      10,
    );
    expect(value).toEqual({ images: ['https://a.example/x.png', image] });
  });

  test('never takes a property name for a blob', async () => {
    const { value, blobs } = await read('{"b64_json":"QUJD","data:image/png;base64,QUJD":1,"url":"u"}', 5);
    expect(value).toEqual({ b64_json: Buffer.from('ABC'), 'data:image/png;base64,QUJD': 1, url: 'u' });
    expect(blobs).toHaveLength(1);
  });

  test('leaves an empty string alone', async () => {
    const { value } = await read('{"b64_json":"","url":"https://a.example/1.png"}', 4);
    expect(value).toEqual({ b64_json: '', url: 'https://a.example/1.png' });
  });

  test('without blobs passes through unchanged', async () => {
    const text = '  [1, "two", {"three": [true, null, -4.5e6, "\\"\\\\\\u0041"]}]\n';
    expect((await read(text, 3)).json).toBe(text);
  });
});

describe('a document that is not what it should be', () => {
  const refused = async (text: string, limits: Parameters<typeof reader>[0] = {}): Promise<string> => {
    const subject = reader(limits);
    try {
      for (const part of text.match(/[\s\S]{1,7}/g) ?? []) await subject.write(Buffer.from(part));
      subject.end();
      return 'accepted';
    } catch (error) {
      await subject.abort();
      if (error instanceof BlobReadError) return error.kind;
      throw error;
    }
  };

  test('is truncated where it breaks off in a blob, a string or between', async () => {
    expect(await refused('{"data":[{"b64_json":"QUJDQUJD')).toBe('truncated');
    expect(await refused('{"data":[{"revised_prompt":"half a')).toBe('truncated');
    expect(await refused('{"data":[{"b64_json":"QUJD"}')).toBe('truncated');
  });

  test('is bad base64 where a character is not base64', async () => {
    expect(await refused('{"b64_json":"!!!not base64!!!"}')).toBe('bad_base64');
    expect(await refused('{"b64_json":"QUJDQ"}')).toBe('bad_base64');
    expect(await refused('{"b64_json":"QQ==QUJD"}')).toBe('bad_base64');
  });

  test('is too large where its JSON, a blob, or the number of blobs passes the limit', async () => {
    expect(await refused(`{"a":"${'x'.repeat(200)}"}`, { maxJson: 100 })).toBe('too_large');
    expect(await refused(`{"b64_json":"${'QUJD'.repeat(100)}"}`, { maxBlob: 200 })).toBe('too_large');
    expect(await refused('[{"b64_json":"QUJD"},{"b64_json":"QUJD"}]', { maxBlobs: 1 })).toBe('too_many');
  });

  test('is too deep where it nests without end', async () => {
    expect(await refused('['.repeat(1_000))).toBe('too_deep');
  });
});
