import { createSocket, type Socket } from 'node:dgram';

/** A DNS server on 127.0.0.1:53 that answers what it is told to, A and AAAA, never to be kept; no library of ours asks it. */
export async function startNameServer(
  answers: (name: string, family: 4 | 6) => readonly string[] | undefined,
): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = questionOf(query);
    const family = type === 1 ? 4 : type === 28 ? 6 : null;
    const found = family === null ? [] : answers(name, family);
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // An answer, by authority, recursion offered; NXDOMAIN where nobody has the name.
    header.writeUInt16BE(found === undefined ? 0x85_83 : 0x85_80, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found?.length ?? 0, 6);
    const records = (found ?? []).map((address) => {
      const data = Buffer.from(family === 4 ? address.split('.').map(Number) : bytesOf(address));
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc0_0c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, '127.0.0.1', resolve);
  });
  return socket;
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split('::').map((part) => part.split(':').filter((word) => word !== ''));
  const words = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]);
}
