import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Express } from 'express';
import type { ApiDeps } from '../deps.js';
import { openapiDocument } from './openapi.js';

/** `/docs`: the reference to try calls in, served from this process: nothing is loaded from elsewhere. */

const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rendermill API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', deepLinking: true, persistAuthorization: true, tryItOutEnabled: true });\n`;

export function serveDocs(app: Express, deps: ApiDeps): void {
  app.get('/openapi.json', (_request, response) => {
    response.set('content-type', 'application/json').send(JSON.stringify(openapiDocument(deps.settings.publicUrl)));
  });
  app.get('/docs', (_request, response) => {
    response.set(
      'content-security-policy',
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'",
    );
    response.type('html').send(page);
  });
  app.get('/docs/start.js', (_request, response) => {
    response.type('text/javascript').send(start);
  });
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
    app.get(`/docs/${file}`, (_request, response) => response.sendFile(join(assets, file), { cacheControl: false }));
  }
}
