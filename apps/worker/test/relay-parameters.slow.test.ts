import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import sharp from 'sharp';
import { startRelay, type Relay, type RelayCall } from '../../../test/relay.js';
import { createWorld, type World } from '../../../test/world.js';

/**
 * Every parameter that the providers' own documents name, by the name that they give it, and what becomes of it on its way
 * there: sent in their form, left out and said so on the attempt, or refused with a reason before anything is paid.
 */
type Fate =
  /** Fields of the JSON body, or of the form. */
  | { readonly sent: Record<string, unknown>; readonly path?: string }
  /** Not sent and named on the attempt. */
  | { readonly ignored: string }
  /** Not sent: left to the provider is what leaving it out means too, or it shapes our answer alone. */
  | { readonly unsent: string }
  | { readonly refused: RegExp };

type Row = readonly [body: Record<string, unknown>, fate: Fate, route?: string];

const square = (background: string, channels: 3 | 4) =>
  sharp({ create: { width: 64, height: 64, channels, background } })
    .png()
    .toBuffer();
const picture = await square('#c05028', 3);
const dataUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
/** Images by the names that the table gives them; `LINK` is the relay's own. */
const images: Record<string, string> = {
  PHOTO: dataUrl(picture),
  ALPHA: dataUrl(await square('#00000000', 4)),
  BLACK: dataUrl(await square('#000000', 3)),
};

/** The values of one parameter that go as they are. */
const asTheyAre = (name: string, values: readonly unknown[], more: Record<string, unknown> = {}): Row[] =>
  values.map((value) => [{ [name]: value, ...more }, { sent: { [name]: value } }]);
const edit = { type: 'edit', images: ['PHOTO'] };
const sizes = ['1024x1024', '1024x1536', '1536x1024'];
const sizeRow: Row = [
  { size: '1024x1792' },
  { refused: /^gpt-image-1 makes 1024x1024, 1536x1024, 1024x1536 and auto/ },
];
/** What every gateway of their family drops without a word. */
const dropped: Row[] = [
  [{ safety_identifier: 'u-1' }, { ignored: 'safety_identifier' }],
  [{ model: 'gpt-image-2.6-flare', complexity: 'high' }, { refused: /^complexity: .* would drop it without a word/ }],
  [{ model: 'gpt-image-2.6-flare', frame_count: 4 }, { refused: /^frame_count: / }],
  [{ model: 'gpt-image-2.6-flare', frame_duration_ms: 40 }, { refused: /^frame_duration_ms: / }],
  [{ model: 'gpt-image-2.6-flare', svg: { a: 1 } }, { refused: /^svg: / }],
  [{ markup: 'x' }, { refused: /^Unknown parameter: 'markup'/ }],
  [{ aspect_ratio: '1:1' }, { refused: /^Unknown parameter: 'aspect_ratio'/ }],
];
const edits: Row[] = [
  [edit, { path: '/v1/images/edits', sent: { image: 'image-0.png' } }],
  [
    { ...edit, images: ['PHOTO', 'PHOTO'] },
    { path: '/v1/images/edits', sent: { 'image[]': 'image-1.png' } },
  ],
  [
    { ...edit, mask: 'ALPHA' },
    { path: '/v1/images/edits', sent: { mask: 'mask.png' } },
  ],
  [
    { ...edit, input_fidelity: 'high' },
    { path: '/v1/images/edits', sent: { input_fidelity: 'high' } },
  ],
];
const sora: Row[] = [
  [
    { model: 'sora_image', size: '1024x1536', prompt: 'a kite' },
    { path: '/v1/chat/completions', sent: { messages: [{ role: 'user', content: 'a kite【2:3】' }] } },
  ],
  [{ model: 'sora_image', user: 'u' }, { ignored: 'user' }],
  [{ model: 'sora_image', quality: 'high' }, { refused: /^sora_image takes no quality/ }],
  [{ model: 'sora_image', ...edit }, { refused: /^sora_image generates only/ }],
];

const table: Record<string, readonly Row[]> = {
  openai: [
    [{ response_format: 'b64_json' }, { unsent: 'response_format' }, '/v1/images/generations'],
    ...asTheyAre('moderation', ['auto', 'low']),
    ...asTheyAre('safety_identifier', ['u-1']),
    ...asTheyAre('complexity', ['high'], { model: 'gpt-image-2.6-flare' }),
    [{ effort: 'high' }, { ignored: 'effort' }],
    ...edits,
  ],
  apiyi: [
    [{ prompt: 'é'.repeat(1_000) }, { sent: { prompt: 'é'.repeat(1_000) } }],
    [{ prompt: 'é'.repeat(1_001) }, { refused: /^prompt: API易 .* at most 1000 characters for gpt-image-1/ }],
    [{ model: 'gpt-image-1-mini', prompt: 'x'.repeat(1_001) }, { refused: /at most 1000 characters/ }],
    ...asTheyAre('n', [1, 10]),
    [{ n: 11 }, { refused: /^n: / }],
    ...asTheyAre('size', ['auto', ...sizes]),
    sizeRow,
    [{ model: 'gpt-image-2-all', size: '1024x1024' }, { refused: /^size: .* would drop it/ }],
    [{ model: 'gpt-image-2-all', size: 'auto' }, { unsent: 'size' }],
    ...asTheyAre('quality', ['auto', 'low', 'medium', 'high']),
    ...asTheyAre('output_format', ['png', 'jpeg', 'webp']),
    ...asTheyAre('output_compression', [0, 100], { output_format: 'jpeg' }),
    [{ output_compression: 80 }, { refused: /^png is not compressed by degrees/ }],
    ...asTheyAre('background', ['auto', 'transparent', 'opaque']),
    [{ background: 'transparent', output_format: 'jpeg' }, { refused: /^JPEG has no transparency/ }],
    ...asTheyAre('user', ['shop-7']),
    [{ response_format: 'url' }, { sent: { response_format: 'b64_json' } }, '/v1/images/generations'],
    [{ effort: 'high' }, { ignored: 'effort' }],
    ...sora,
    ...dropped,
    ...edits,
  ],
  laozhang: [
    ...asTheyAre('effort', ['low', 'medium', 'high']),
    ...asTheyAre('format', ['png', 'jpeg', 'webp']),
    [{ output_format: 'webp' }, { sent: { format: 'webp' } }],
    ...asTheyAre('transparency', [true, false]),
    [{ background: 'transparent' }, { sent: { transparency: true } }],
    [{ background: 'auto' }, { unsent: 'transparency' }],
    [{ transparency: true, format: 'jpeg' }, { refused: /^JPEG has no transparency/ }],
    [{ transparency: false, background: 'transparent' }, { refused: /^transparency is another name for background/ }],
    ...asTheyAre('compression', [80], { format: 'webp' }),
    [{ output_compression: 80, format: 'webp' }, { sent: { compression: 80 } }],
    ...asTheyAre('user', ['shop-7']),
    ...asTheyAre('size', ['auto', ...sizes]),
    ...asTheyAre('quality', ['low', 'medium', 'high']),
    // Its try-on, which gateways drop in silence: a generation with an image is an edit.
    [{ image: 'LINK' }, { path: '/v1/images/edits', sent: { image: 'image-0.png' } }, '/v1/images/generations'],
    [
      { ...edit, background: 'opaque', format: 'webp', effort: 'low' },
      { path: '/v1/images/edits', sent: { transparency: 'false', format: 'webp', effort: 'low' } },
    ],
    ...sora,
    ...dropped,
    ...edits,
  ],
  cometapi: [
    ...asTheyAre('moderation', ['auto', 'low']),
    ...asTheyAre('size', sizes),
    sizeRow,
    [{ effort: 'high' }, { ignored: 'effort' }],
    ...dropped,
    ...edits,
  ],
  tuzi: [
    ...asTheyAre('format', ['png', 'jpeg', 'webp']),
    [{ output_format: 'jpeg' }, { sent: { format: 'jpeg' } }],
    ...asTheyAre('output_compression', [80], { format: 'webp' }),
    ...asTheyAre('moderation', ['auto', 'low']),
    ...asTheyAre('background', ['transparent'], { format: 'webp' }),
    [
      { ...edit, mask: 'BLACK', mask_from: 'luminance' },
      { path: '/v1/images/edits', sent: { mask: 'mask.png' } },
    ],
    [{ ...edit, mask: 'BLACK' }, { refused: /mask/ }],
    ...asTheyAre('quality', ['standard', 'hd'], { model: 'dall-e-3' }),
    ...asTheyAre('style', ['vivid', 'natural'], { model: 'dall-e-3' }),
    ...asTheyAre('size', ['1024x1024', '1792x1024', '1024x1792'], { model: 'dall-e-3' }),
    [{ model: 'dall-e-3', ...edit }, { refused: /^dall-e-3 generates only/ }],
    [
      { model: 'dall-e-2', ...edit },
      { path: '/v1/images/edits', sent: { image: 'image-0.png' } },
    ],
    [
      { model: 'dall-e-2', type: 'variation', image: 'PHOTO', prompt: undefined },
      { path: '/v1/images/variations', sent: { image: 'image-0.png' } },
    ],
    [{ style: 'vivid' }, { refused: /^gpt-image-1 takes no style/ }],
    [{ effort: 'high' }, { ignored: 'effort' }],
    ...dropped,
    ...edits,
  ],
  bianxie: [
    ...asTheyAre('quality', ['low', 'medium', 'high']),
    [{ effort: 'high' }, { ignored: 'effort' }],
    ...dropped,
    ...edits,
  ],
};

const withImages = (body: Record<string, unknown>, link: string): unknown =>
  JSON.parse(JSON.stringify(body), (_, value: unknown) =>
    value === 'LINK' ? link : typeof value === 'string' ? (images[value] ?? value) : value,
  );

/** What a call carries: fields of JSON, or of a form with files by their names; of several of a name the last. */
const fieldsOf = ({ json, form }: RelayCall): Record<string, unknown> =>
  json ?? Object.fromEntries(form.map(([name, value]) => [name, typeof value === 'string' ? value : value.name]));

describe.each(Object.entries(table))('%s', (preset, rows) => {
  let relay: Relay;
  let world: World;
  beforeAll(async () => {
    relay = await startRelay(picture, ({ path, json, form }) => {
      if (path === '/v1/chat/completions')
        return { json: { choices: [{ message: { content: `![](${relay.link})` } }] } };
      const n = Number(json?.['n'] ?? form.find(([name]) => name === 'n')?.[1] ?? 1);
      return {
        json: { created: 1, data: Array.from({ length: n }, () => ({ b64_json: picture.toString('base64') })) },
      };
    });
    world = await createWorld({ account: { preset, base_url: relay.url } });
  });
  afterAll(async () => {
    await world.close();
    await relay.close();
  });

  test.each(rows)('%j', async (fields, fate, route = '/v1/jobs') => {
    const before = relay.calls.length;
    const type = route === '/v1/jobs' ? { type: 'generation' } : {};
    const body = withImages({ ...type, model: 'gpt-image-1', prompt: 'a red mug', ...fields }, relay.link);
    const answer = await world.call<PresentedJob & { error: { message: string } }>('POST', route, body);
    if ('refused' in fate) {
      expect([answer.status, relay.calls.length - before]).toEqual([400, 0]);
      expect(answer.body.error.message).toMatch(fate.refused);
      return;
    }
    const id = answer.headers.get('x-rendermill-job') ?? answer.body.id;
    const job = await world.ended(id);
    expect(job).toMatchObject({ status: 'completed', error: null });
    expect(relay.calls.length).toBe(before + 1);
    const call = relay.calls[before];
    if (!call) throw new Error('no call');
    const sent = fieldsOf(call);
    const ignored = job.attempts[0]?.ignored_parameters ?? [];
    if ('sent' in fate) {
      expect(call.path).toBe(fate.path ?? '/v1/images/generations');
      expect(sent).toMatchObject(fate.sent);
      expect(ignored).toEqual([]);
    } else {
      expect(sent).not.toHaveProperty(['unsent' in fate ? fate.unsent : fate.ignored]);
      expect(ignored).toEqual('unsent' in fate ? [] : [fate.ignored]);
    }
  });
});
