import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Express, Request, Response } from 'express';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { Storage } from '@rendermill/shared/ports/storage';
import type { ApiDeps } from '../deps.js';

/** `/`: the dashboard, one page that speaks the public API with the key of who looks at it. Its files stay in memory. */

const dist = join(dirname(createRequire(import.meta.url).resolve('@rendermill/dashboard/package.json')), 'dist');

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

export function serveDashboard(app: Express, { storage }: Pick<ApiDeps, 'storage'>): void {
  const built = load();
  app.get('/', async (_request, response) => {
    if (!built) throw new RendermillError('not_found', 'The dashboard is not built: run `npm run build`.');
    response.set('content-security-policy', policy(await pictureOrigin(storage)));
    response.type('html').send(built.page);
  });
  app.get('/assets/:name', (request: Request, response: Response) => {
    const asset = built?.assets.get(String(request.params['name']));
    if (!asset) throw new RendermillError('not_found', 'There is no such file: load the dashboard anew.');
    // A file's name has a hash of what is in it.
    response.set({
      'content-type': asset.type,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    if (request.acceptsEncodings('gzip') === 'gzip') response.set('content-encoding', 'gzip').send(asset.gzip);
    else response.send(asset.plain);
  });
}

/** What the build has made, or null where there was none: the API serves without it. */
function load(): { readonly page: string; readonly assets: ReadonlyMap<string, Asset> } | null {
  try {
    const assets = readdirSync(join(dist, 'assets')).flatMap((name): [string, Asset][] => {
      const type = contentTypes[extname(name)];
      if (type === undefined) return [];
      const plain = readFileSync(join(dist, 'assets', name));
      return [[name, { type, plain, gzip: gzipSync(plain) }]];
    });
    return { page: readFileSync(join(dist, 'index.html'), 'utf8'), assets: new Map(assets) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Pictures in S3 are reached by a redirect to the bucket, which a page's policy judges too. */
async function pictureOrigin(storage: Storage): Promise<string> {
  const link = await storage.presign('dashboard', { seconds: 60, fileName: 'dashboard' });
  return link === null ? '' : ` ${new URL(link).origin}`;
}

function policy(pictures: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self'${pictures}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
