import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** A multipart body that streams its files from disk, with its length known beforehand. */

export interface FilePart {
  readonly name: string;
  /** Relays take the type from the ending, so it must be right. */
  readonly fileName: string;
  readonly contentType: string;
  readonly path: string;
  readonly bytes: number;
}

export interface StreamedBody {
  readonly contentType: string;
  readonly contentLength: number;
  /** A fresh stream of the same bytes; reading begins when the connection stands. */
  readonly stream: () => AsyncGenerator<Buffer>;
}

export function multipartBody(
  fields: readonly (readonly [string, string])[],
  files: readonly FilePart[],
): StreamedBody {
  const boundary = `rendermill-${randomBytes(16).toString('hex')}`;
  const heads = files.map((file) =>
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="${file.name}"; filename="${file.fileName}"\r\ncontent-type: ${file.contentType}\r\n\r\n`,
    ),
  );
  const text = Buffer.from(
    fields
      .map(([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join(''),
  );
  const tail = Buffer.from(`--${boundary}--\r\n`);
  const fileBytes = files.reduce((sum, file, i) => sum + (heads[i]?.length ?? 0) + file.bytes + 2, 0);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    contentLength: text.length + fileBytes + tail.length,
    stream: async function* () {
      yield text;
      for (const [i, file] of files.entries()) {
        yield heads[i] ?? Buffer.alloc(0);
        for await (const chunk of createReadStream(file.path)) yield chunk as Buffer;
        yield Buffer.from('\r\n');
      }
      yield tail;
    },
  };
}

export function jsonBody(value: unknown): StreamedBody {
  const bytes = Buffer.from(JSON.stringify(value));
  return {
    contentType: 'application/json',
    contentLength: bytes.length,
    stream: async function* () {
      yield bytes;
    },
  };
}
