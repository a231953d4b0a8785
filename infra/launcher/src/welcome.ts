import type { Stack } from './stack.js';

/** The block that `npm start` prints when all is ready. */
export function welcome(stack: Stack, env: NodeJS.ProcessEnv, took: string): string {
  // A key that somebody else keeps is not ours to show: this output may be a service's log.
  const given = Boolean(env['RENDERMILL_ADMIN_KEY']);
  const key = given ? '$RENDERMILL_ADMIN_KEY' : stack.adminKey;
  const body = `'{"prompt":"A red bicycle on a white background","response_format":"url"}'`;
  const rows: [string, string][] = [
    // The key stands behind the #, which browsers keep to themselves.
    ['Dashboard', given ? `${stack.url}/` : `${stack.url}/#key=${encodeURIComponent(stack.adminKey)}`],
    ['API key', given ? 'RENDERMILL_ADMIN_KEY, as given' : stack.adminKey],
    ['For the shell', `export RENDERMILL_URL=${stack.url} RENDERMILL_API_KEY=${key}`],
    ['Webhook secret', webhookSecret(stack, env)],
    ['Providers', providers(stack)],
    ...stack.describe.map((line): [string, string] => ['Uses', line]),
    [
      'Try',
      `curl -s ${stack.url}/v1/images/generations \\\n  -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d ${body}`,
    ],
    ['Command line', 'npx rendermill --help'],
    ['Read and try', `${stack.url}/docs`],
    ['Stop', 'Ctrl-C; the next start goes on where this one ended'],
  ];
  return [
    '',
    `Rendermill is ready at ${stack.url} after ${took}.`,
    '',
    ...rows.map(([name, text]) => `  ${name.padEnd(16)}${text.replaceAll('\n', `\n${' '.repeat(18)}`)}`),
    '',
  ].join('\n');
}

function webhookSecret(stack: Stack, env: NodeJS.ProcessEnv): string {
  if (env['RENDERMILL_WEBHOOK_SECRET']) return 'RENDERMILL_WEBHOOK_SECRET, as given';
  return stack.webhookSecret ?? `GET ${stack.url}/v1/webhook_secret with the API key`;
}

function providers(stack: Stack): string {
  const real = stack.providers.filter((id) => id !== 'simulator');
  return real.length === 0
    ? 'no provider key found: rendering with the built-in simulator'
    : stack.providers.join(', ');
}
