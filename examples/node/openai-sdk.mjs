// OpenAI's SDK as it comes from npm: only baseURL and apiKey are Rendermill's.
//
//   npm install openai
//   node openai-sdk.mjs        → mug.png, mug-blue.png
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: `${env.RENDERMILL_URL ?? 'http://127.0.0.1:8080'}/v1`,
  apiKey: env.RENDERMILL_API_KEY,
});

const model = 'gpt-image-1';
const made = await client.images.generate({ model, prompt: 'A red enamel mug, white studio', quality: 'low' });
await writeFile('mug.png', Buffer.from(made.data[0].b64_json, 'base64'));

// The provider's own bytes come back, so a result can be the input of the next call.
const image = createReadStream('mug.png');
const edited = await client.images.edit({ model, image, prompt: 'The same mug in blue', quality: 'low' });
await writeFile('mug-blue.png', Buffer.from(edited.data[0].b64_json, 'base64'));
