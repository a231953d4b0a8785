import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { join } from 'node:path';
import { attacks, good } from '../attack-urls.js';
import { startApp } from '../processes.js';
import { createWorld } from '../world.js';
import { FrontDoor, type Outcome } from './front-door.js';
import { openLab, type Lab } from './lab.js';

/**
 * The program that `attack-network.slow.test.ts` runs in namespaces of its own: API and worker as processes, nothing of
 * theirs replaced; every attack and every good URL by the front door. What came of it is written down for the test.
 */
export interface Report {
  /** By URL, where a client without a guard comes to: into a trap, or why not. */
  readonly unguarded: Readonly<Record<string, string>>;
  readonly ways: Readonly<Record<'images' | 'webhookUrls' | 'endpoints', Way>>;
  /** The good picture that redirects to the attacks. */
  readonly redirected: Came;
  /** One after the other, a name that leads elsewhere each time it is asked for. */
  readonly rebound: Came;
}

export interface Came {
  readonly outcomes: readonly Outcome[];
  /** Where they came to, as the lab says it. */
  readonly trapped: readonly string[];
  readonly visited: readonly string[];
  /** Calls that the provider has had for them. */
  readonly paid: number;
}

export interface Way {
  readonly attacks: Came;
  readonly good: Came;
}

async function main(dir: string): Promise<Report> {
  const lab = await openLab(dir);
  const unguarded: Record<string, string> = {};
  for (const url of [...attacks('http', lab.port), ...attacks('https', lab.port)])
    unguarded[url] = await goUnguarded(lab, url);

  const world = await createWorld({
    worker: false,
    env: { RENDERMILL_ALLOW_NETS: '', NODE_EXTRA_CA_CERTS: lab.certificate },
    config: { webhook_schedule_seconds: [0] },
  });
  const apps = await Promise.all([startApp('api', world.env), startApp('worker', world.env)]);
  const door = new FrontDoor(apps[0].url ?? '', world.key);

  let bought = 0;
  const came = async (outcomes: Promise<Outcome[]>): Promise<Came> => {
    const found = await outcomes;
    const before = bought;
    bought = (await world.simulator.ledger()).length;
    return {
      outcomes: found,
      trapped: lab.trapped.splice(0),
      visited: lab.visited.splice(0),
      paid: bought - before,
    };
  };
  const way = async (scheme: 'http' | 'https', go: (urls: readonly string[]) => Promise<Outcome[]>): Promise<Way> => ({
    attacks: await came(go(attacks(scheme, lab.port))),
    good: await came(go(good)),
  });
  const images = async (urls: readonly string[]) => Promise.all(urls.map(async (url) => door.asImage(url)));
  const webhookUrls = async (urls: readonly string[]) => Promise.all(urls.map(async (url) => door.asWebhookUrl(url)));

  const ways = {
    images: await way('http', images),
    webhookUrls: await way('https', webhookUrls),
    endpoints: await way('https', async (urls) => door.asEndpoints(urls)),
  };
  // A header takes no line break: the 76 others are tried.
  const locations = attacks('http', lab.port).filter((url) => !/[\r\n]/.test(url));
  const links = locations.map((url) => `https://example.com/a.png?to=${encodeURIComponent(url)}`);
  const redirected = await came(images(links));
  const rebound = await came(inTurn(4, async () => door.asImage('https://rebind.lab.test/a.png')));

  await Promise.all(apps.map(async (app) => app.kill('SIGTERM')));
  await world.close();
  await lab.close();
  return { unguarded, ways, redirected, rebound };
}

async function inTurn<T>(times: number, go: () => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  while (found.length < times) found.push(await go());
  return found;
}

/** `trapped`, or why an ordinary client does not even try, or cannot connect. */
async function goUnguarded(lab: Lab, url: string): Promise<string> {
  const answer = await new Promise<string>((resolve) => {
    const failed = (error: unknown): void => resolve((error as NodeJS.ErrnoException).code ?? String(error));
    try {
      const options = { agent: false, rejectUnauthorized: false };
      const request = url.startsWith('https:') ? getTls(new URL(url), options) : get(new URL(url), options);
      request.on('response', (response) => response.resume().on('close', () => resolve('answered')));
      request.on('error', failed);
    } catch (error) {
      failed(error);
    }
  });
  return lab.trapped.splice(0).length > 0 ? 'trapped' : answer;
}

const [dir = ''] = process.argv.slice(2);
writeFileSync(join(dir, 'report.json'), JSON.stringify(await main(dir)));
