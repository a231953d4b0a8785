import { expect } from '@jest/globals';
import type { World } from './world.js';

/** An event of a stream of server-sent events. */
export interface ToldEvent<Data = object> {
  readonly id: number;
  readonly event: string;
  readonly data: Data & { readonly sequence: number };
}

export interface FollowOptions<Told> {
  readonly after?: string;
  readonly lastEventId?: string;
  /** Hangs up once it says so. */
  readonly enough?: (told: readonly Told[]) => boolean;
  readonly key?: string;
}

/** Reads a stream until it ends, or `enough` says so. */
export async function followEvents<Told extends ToldEvent>(
  world: World,
  path: string,
  { after, lastEventId, enough, key = world.key }: FollowOptions<Told> = {},
): Promise<Told[]> {
  const response = await fetch(`${world.url}${path}${after === undefined ? '' : `?after=${after}`}`, {
    headers: {
      authorization: `Bearer ${key}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const told: Told[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block);
      if (fields) told.push({ id: Number(fields[1]), event: fields[2], data: JSON.parse(fields[3] ?? '') } as Told);
    }
    if (enough?.(told)) break;
  }
  return told;
}
