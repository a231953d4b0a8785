import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';

/** The dashboard as the API serves it; what it does stands in its own tests. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => world.close());

/** The answer, with its body read: a connection that is left holds up the end. */
async function read(url: string): Promise<Response> {
  const answer = await fetch(url);
  await answer.clone().arrayBuffer();
  return answer;
}

/** The page, and the files that it names. */
async function firstLoad(): Promise<{ page: Response; html: string; files: { path: string; answer: Response }[] }> {
  const page = await fetch(world.url);
  const html = await page.text();
  const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].flatMap(([, path]) => path ?? []);
  const files = await Promise.all(paths.map(async (path) => ({ path, answer: await read(world.url + path) })));
  return { page, html, files };
}

test('the page lets in scripts, styles and pictures of its own server alone, and is asked for anew each time', async () => {
  const { page, html } = await firstLoad();
  expect(page.status).toBe(200);
  expect(page.headers.get('cache-control')).toBe('no-store');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=/);
});

test('its files are compressed and kept by browsers; the first load is at most 200 kB', async () => {
  const { html, files } = await firstLoad();
  expect(files.map(({ path }) => path.split('.').at(-1))).toEqual(expect.arrayContaining(['css', 'js', 'svg']));
  let bytes = gzipSync(html).length;
  for (const { answer } of files) {
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const sent = Number(answer.headers.get('content-length'));
    expect(sent).toBeGreaterThan(0);
    bytes += sent;
  }
  expect(bytes).toBeLessThanOrEqual(200_000);
});

test('a file of another version is a 404 that says what to do', async () => {
  for (const name of ['index-old.js', '..%2Findex.html', '..%2Fpackage.json']) {
    const { status, body } = await world.call<{ error: { message: string } }>('GET', `/assets/${name}`);
    expect(status).toBe(404);
    expect(body.error.message).toContain('load the dashboard anew');
  }
});
