import type { Page, Route } from 'playwright-core';
import { lineJobId } from '@rendermill/shared/domain/batch';
import type { World } from '../../../test/world.js';

/** A batch whose every line has a picture, as its page sees it: the lines that are not made yet are told as copies of real ones. */

interface Line {
  readonly id: string;
  readonly line: number;
  readonly images: readonly { readonly variants: readonly { readonly url: string }[] }[];
}

const pageSize = 100;

export async function fillGallery(page: Page, world: World, batch: string, total: number): Promise<void> {
  const { body } = await world.call<{ data: Line[] }>(
    'GET',
    `/v1/batches/${batch}/jobs?status=completed&limit=${pageSize}`,
  );
  const real = body.data;
  const picture = await fetch(real[0]?.images[0]?.variants[0]?.url ?? '');
  const thumbnail = Buffer.from(await picture.arrayBuffer());
  const contentType = picture.headers.get('content-type') ?? '';
  const copy = (number: number): unknown => {
    const one = real[number % real.length];
    const id = lineJobId(batch, number);
    const text = JSON.stringify({ ...one, line: number, custom_id: `ready ${number}` }).replaceAll(one?.id ?? '', id);
    return JSON.parse(text) as unknown;
  };
  await page.route(/\/v1\/batches\/[^/]+\/jobs\?/, async (route: Route) => {
    const offset = Number(new URL(route.request().url()).searchParams.get('offset') ?? 0);
    const length = Math.min(pageSize, total - offset);
    const data = Array.from({ length }, (_, i) => copy(offset + i + 1));
    const has_more = offset + length < total;
    await route.fulfill({
      json: { object: 'list', data, has_more, first_id: null, last_id: lineJobId(batch, offset + length) },
    });
  });
  await page.route(/\/images\/\d+\/thumbnail/, (route) =>
    route.fulfill({ body: thumbnail, contentType, headers: { 'cache-control': 'private, max-age=86400, immutable' } }),
  );
}
