import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';

/** `up` is from the client to the server. Bytes are counted per connection, from when the fault was set. */
type Direction = 'up' | 'down';

export type Fault =
  | { readonly kind: 'none' }
  /** Every piece of data waits, in both directions. */
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Connections are made and nothing passes. */
  | { readonly kind: 'blackhole' }
  /** Connections are reset, those that are open and those to come. */
  | { readonly kind: 'reset' }
  /** Nobody listens on the port. */
  | { readonly kind: 'refuse' }
  /** The connection is reset once so many bytes have passed: `down` after 0 is an answer that gets lost. */
  | { readonly kind: 'cut'; readonly direction: Direction; readonly afterBytes: number; readonly times?: number }
  /** On the way up, one bit of every so many bytes is flipped. */
  | { readonly kind: 'corrupt'; readonly everyBytes: number; readonly times?: number };

/** A TCP proxy on loopback that does to its connections what networks do. For tests of clients and retries. */
export class FaultProxy {
  readonly #upstream: NetConnectOpts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #fault: Fault = { kind: 'none' };
  #hits = 0;
  /** Grows with each fault that is set, so that connections count their bytes anew. */
  #era = 0;

  private constructor(upstream: NetConnectOpts) {
    this.#upstream = upstream;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async open(upstream: NetConnectOpts): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** How many cuts or flipped bits the present fault has come to. */
  get hits(): number {
    return this.#hits;
  }

  async set(fault: Fault): Promise<void> {
    this.#fault = fault;
    this.#hits = 0;
    this.#era++;
    if (fault.kind === 'reset' || fault.kind === 'refuse') this.resetAll();
    if (fault.kind === 'refuse') await this.#unlisten();
    else await this.#listen();
  }

  /** Resets the open connections once. */
  resetAll(): void {
    for (const socket of this.#sockets) reset(socket);
  }

  async close(): Promise<void> {
    this.resetAll();
    await this.#unlisten();
  }

  async #listen(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
    this.#port = address.port;
  }

  async #unlisten(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#fault.kind === 'reset') {
      reset(client);
      return;
    }
    const server = connect({ ...this.#upstream, allowHalfOpen: true });
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    const cut = (): void => {
      reset(client);
      server.destroy();
    };
    // A failure of either side ends both; which it was is for the client to find out.
    const ended = (error: Error | null | undefined): void => {
      if (error) cut();
    };
    pipeline(client, this.#afflicted('up', cut), server, ended);
    pipeline(server, this.#afflicted('down', cut), client, ended);
  }

  #afflicted(direction: Direction, cut: () => void): Transform {
    let era = this.#era;
    let seen = 0;
    return new Transform({
      transform: (piece: Buffer, _encoding, done: TransformCallback) => {
        if (era !== this.#era) [era, seen] = [this.#era, 0];
        const before = seen;
        seen += piece.length;
        if (this.#fault.kind === 'blackhole') return done();
        if (this.#cuts(direction, seen)) return cut();
        const passed = this.#corrupted(piece, direction, before);
        const wait = this.#waitFor(piece);
        if (wait > 0) setTimeout(done, wait, null, passed);
        else done(null, passed);
      },
    });
  }

  #waitFor(piece: Buffer): number {
    const fault = this.#fault;
    if (fault.kind === 'latency') return fault.ms;
    return fault.kind === 'throttle' ? (piece.length / fault.bytesPerSecond) * 1_000 : 0;
  }

  #cuts(direction: Direction, seen: number): boolean {
    const fault = this.#fault;
    return (
      fault.kind === 'cut' && fault.direction === direction && seen > fault.afterBytes && this.#strikes(fault.times)
    );
  }

  #corrupted(piece: Buffer, direction: Direction, before: number): Buffer {
    const fault = this.#fault;
    if (fault.kind !== 'corrupt' || direction !== 'up') return piece;
    const at = fault.everyBytes - (before % fault.everyBytes) - 1;
    const byte = piece[at];
    if (byte === undefined || !this.#strikes(fault.times)) return piece;
    const flipped = Buffer.from(piece);
    flipped[at] = byte ^ 1;
    return flipped;
  }

  #strikes(times = Infinity): boolean {
    if (this.#hits >= times) return false;
    this.#hits++;
    return true;
  }
}

/** A unix socket cannot be reset: its end is as sudden. */
function reset(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
