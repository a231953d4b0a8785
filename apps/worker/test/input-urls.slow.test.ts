import { expect, test } from '@jest/globals';
import { startFileServer } from '../../../test/file-server.js';
import { createWorld } from '../../../test/world.js';

test('F2 an image URL that hangs or drips fails its job for nothing, and a place is free again', async () => {
  const world = await createWorld();
  const files = await startFileServer();
  files.answer = (path, response) => {
    if (path === '/hang') return;
    response.writeHead(200, { 'content-type': 'image/png' });
    const timer = setInterval(() => response.write('.'), 250);
    response.on('close', () => clearInterval(timer));
  };
  const edit = async (path: string) =>
    world.submit({ type: 'edit', prompt: path, images: [{ image_url: files.url + path }] });
  // As many as are fetched at once of one host, as many in the places of these, and one more in theirs.
  const paths = [...Array<string>(6).fill('/hang'), ...Array<string>(6).fill('/drip'), '/hang'];
  const jobs: { id: string }[] = [];
  for (const path of paths) jobs.push(await edit(path));
  for (const { id } of jobs)
    expect(await world.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'image_url_timeout' },
      paid_attempts: 0,
    });
  expect(await world.simulator.ledger()).toEqual([]);
  await world.close();
  await files.close();
}, 180_000);
