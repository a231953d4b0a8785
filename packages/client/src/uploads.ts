import type { Body } from './transport.js';

/** A file on its way to `POST /v1/files`. */

export type Upload = Blob | AsyncIterable<Uint8Array>;

export interface UploadBody {
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is spent by its first sending. */
  readonly once: boolean;
}

/** A blob (in Node `fs.openAsBlob`, which reads as it is sent) can be sent again; a stream cannot. */
export function uploadBody(file: Upload, filename: string, purpose: string): UploadBody {
  if (file instanceof Blob) {
    const form = new FormData();
    form.set('purpose', purpose);
    form.set('file', file, filename);
    return { body: form, headers: {}, once: false };
  }
  const boundary = `rendermill-${Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('')}`;
  const body = streamOf(multipart(file, boundary, filename, purpose));
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, once: true };
}

async function* multipart(
  file: AsyncIterable<Uint8Array>,
  boundary: string,
  filename: string,
  purpose: string,
): AsyncGenerator<Uint8Array> {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  // As browsers write it.
  const name = filename.replace(
    /["\r\n]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
  yield bytes(`--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n${purpose}\r\n`);
  yield bytes(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  yield* file;
  yield bytes(`\r\n--${boundary}--\r\n`);
}

/** Not `ReadableStream.from`: no browser but one has it. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await chunks.return(undefined);
    },
  });
}
