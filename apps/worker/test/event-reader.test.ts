import { describe, expect, test } from '@jest/globals';
import type { BlobSink } from '@rendermill/shared/streams/json-blobs';
import { fc } from '../../../test/properties.js';
import { EventReader, type StreamedEvent } from '../src/providers/event-reader.js';

/** Events in memory: what arrives is the same wherever the network cuts it. */
const blobStart = (key: string): number => (key === 'b64_json' ? 0 : -1);

function memory(index: number): BlobSink<{ index: number; text: string }> {
  const parts: Buffer[] = [];
  return {
    write: async (bytes) => void parts.push(Buffer.from(bytes)),
    end: async () => ({ index, text: Buffer.concat(parts).toString() }),
    abort: async () => undefined,
  };
}

async function read(chunks: readonly Buffer[]) {
  const previews: { event: StreamedEvent; text: string }[] = [];
  const reader = new EventReader(
    { blobStart, openSink: async (index) => memory(index), maxJson: 10_000, maxBlob: 10_000, maxBlobs: 4 },
    async (event, { text }) => void previews.push({ event, text }),
  );
  for (const chunk of chunks) await reader.write(chunk);
  return { previews, reader, end: async () => reader.end() };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const event = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const whole = [
  ': keep-alive\n\n',
  event('image_generation.partial_image', { b64_json: base64('first look'), partial_image_index: 0 }),
  'id: 7\r\nevent: image_generation.partial_image\r\ndata:{"type":"image_generation.partial_image","b64_json":"bG9vaw=="}\r\n\r\n',
  event('image_generation.completed', { b64_json: base64('the picture'), size: '64x64', usage: { output_tokens: 7 } }),
  'data: [DONE]\n\n',
].join('');

describe('a stream of events', () => {
  test('gives its previews and its picture, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }), async (lengths) => {
        const bytes = Buffer.from(whole);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const length of lengths) {
          chunks.push(bytes.subarray(at, at + length));
          at += length;
        }
        const { previews, end } = await read([...chunks, bytes.subarray(at)]);
        expect(previews.map(({ text }) => text)).toEqual(['first look', 'look']);
        const { text, blobs, blobIndex } = await end();
        const answer = JSON.parse(text) as { size: string; usage: object; data: { b64_json: string }[] };
        expect(answer).toMatchObject({ size: '64x64', usage: { output_tokens: 7 }, data: [{}] });
        expect(blobs[blobIndex(answer.data[0]?.b64_json) ?? -1]).toEqual({ index: 2, text: 'the picture' });
      }),
    );
  });

  test('that breaks off after a preview has no picture', async () => {
    const { previews, reader } = await read([Buffer.from(event('x.partial_image', { b64_json: base64('a look') }))]);
    expect([previews.length, reader.complete]).toEqual([1, []]);
    const cut = await read([Buffer.from('data: {"type":"image_generation.completed","b64_json":"bG9v')]);
    await expect(cut.end()).rejects.toThrow('breaks off');
    await expect(read([Buffer.from('data: {no: 1}\n\n')])).rejects.toThrow('no JSON object');
  });

  test('keeps a picture that came before the break', async () => {
    const { reader } = await read([
      Buffer.from(event('image_generation.completed', { b64_json: base64('paid') })),
      Buffer.from('data: {"type":"image_generation.comp'),
    ]);
    expect(reader.complete.map(({ text }) => text)).toEqual(['paid']);
  });

  test('that tells an error is that error, and one without a picture has none', async () => {
    const told = await read([
      Buffer.from('event: error\ndata: {"type":"error","error":{"code":"moderation_blocked"}}\n\n'),
    ]);
    expect(JSON.parse((await told.end()).text)).toEqual({ error: { code: 'moderation_blocked' } });
    const empty = await read([Buffer.from(': ok\n\ndata: [DONE]\n\n')]);
    expect(JSON.parse((await empty.end()).text)).toEqual({ data: [] });
  });

  test('with links has links', async () => {
    const { end } = await read([
      Buffer.from(event('image_generation.completed', { url: 'https://cdn.example/1.png' })),
    ]);
    expect(JSON.parse((await end()).text)).toMatchObject({ data: [{ url: 'https://cdn.example/1.png' }] });
  });
});
