import { deflateSync, gzipSync } from 'node:zlib';
import { runSection, type Ask } from './run-section.js';
import { post } from './said.js';

/** JSON: its syntax and its encoding. */

const job = { type: 'generation', model: 'gpt-image-2', prompt: 'x' };
const valid = JSON.stringify(job);
const body =
  (bytes: string | Uint8Array, headers: Record<string, string> = {}): Ask =>
  async (world) =>
    post(world, bytes, headers);
/** A valid job but for these members. */
const withMembers = (members: string): Ask => body(`${valid.slice(0, -1)},${members}}`);
const bytes = (before: string, odd: readonly number[], after: string): Uint8Array =>
  Buffer.concat([Buffer.from(before), Buffer.from(odd), Buffer.from(after)]);
const gzip = { 'content-encoding': 'gzip' };
// Of several members, so that the making of it leaves nothing in memory to be measured.
const bomb = Buffer.concat([
  gzipSync('{"prompt":"'),
  ...Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(1024 * 1024, 'x'))),
]);
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

runSection(
  'A',
  {},
  {
    1: body(valid),
    2: body(''),
    3: body(' \n\t'),
    4: body('null'),
    5: body('true'),
    6: body('7'),
    7: body('"x"'),
    8: body(`[${valid}]`),
    9: body(valid.slice(0, -1)),
    10: body(`${valid.slice(0, -1)},}`),
    11: body(valid.replaceAll('"', "'")),
    12: body(`/* a job */${valid}`),
    13: body(`${valid}${valid}`),
    14: withMembers('"n":NaN'),
    15: withMembers('"n":Infinity'),
    16: withMembers('"n":0x1'),
    17: withMembers('"n":01'),
    18: withMembers('"user":"a\u0001b"'),
    19: withMembers('"user":"a\nb"'),
    20: body(`\ufeff${valid}`),
    21: body(Buffer.from(valid, 'utf16le')),
    22: body(bytes('{"type":"generation","prompt":"', [0xff], '"}')),
    23: body(bytes('{"type":"generation","prompt":"', [0xc0, 0x80], '"}')),
    24: body(bytes('{"type":"generation","prompt":"', [0xed, 0xa0, 0x80], '"}')),
    25: withMembers(`"metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    26: withMembers(`"metadata":${nested(20)}`),
    27: withMembers('"prompt":"y"'),
    28: withMembers('"pr\\u006fmpt":"y"'),
    29: body(JSON.stringify({ ...job, prompt: 'x'.repeat(2 * 1024 * 1024) })),
    30: body(bomb, gzip),
    31: body(valid, gzip),
    32: body(gzipSync(valid).subarray(0, -12), gzip),
    33: body(valid, { 'content-encoding': 'zstd' }),
    34: body(gzipSync(valid), gzip),
    35: body(gzipSync(deflateSync(valid)), { 'content-encoding': 'deflate, gzip' }),
  },
);
