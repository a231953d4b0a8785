// A receiver of webhooks that believes only what is signed, by the Standard Webhooks library.
//
//   npm install standardwebhooks
//   RENDERMILL_WEBHOOK_SECRET=whsec_… node node.mjs
//
// The secret is that of the endpoint (shown when it is registered), or for a job's own webhook_url the project's
// (GET /v1/webhook_secret; `npm start` prints it).
import { createServer } from 'node:http';
import { env, stdout } from 'node:process';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(env.RENDERMILL_WEBHOOK_SECRET);

// An event can come twice, always under one id. Keep the ids where they outlive this process.
const seen = new Set();

async function receive(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  let event;
  try {
    // Over the bytes as they came: parsed and written again they would be others.
    event = webhook.verify(Buffer.concat(chunks), request.headers);
  } catch (error) {
    stdout.write(`refused: ${error.message}\n`);
    response.writeHead(400).end();
    return;
  }
  // Answer first, within seconds, and work afterwards: anything but 2xx is sent again.
  response.writeHead(204).end();
  if (seen.has(event.id)) return;
  seen.add(event.id);
  stdout.write(`${event.type} ${event.data.id}\n`);
}

const server = createServer((request, response) => {
  // A sender that breaks off: it will come again.
  receive(request, response).catch((error) => stdout.write(`broke off: ${error.message}\n`));
});

server.listen(Number(env.PORT ?? 3000), '127.0.0.1', () => {
  stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
