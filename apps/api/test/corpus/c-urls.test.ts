import sharp from 'sharp';
import { runSection, type Ask } from './run-section.js';
import { post } from './said.js';

/** URLs in a job's body: where its webhook goes, and where its images lie. No network is allowed beyond the public one. */

const job = { type: 'generation', model: 'gpt-image-2', prompt: 'x' };
const hook =
  (webhook_url: string): Ask =>
  async (world) =>
    post(world, { ...job, webhook_url });
const edit =
  (images: unknown): Ask =>
  async (world) =>
    post(world, { ...job, type: 'edit', images });
const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
const valid = { image_url: 'https://example.com/a.png' };

runSection(
  'C',
  {
    162: { status: 202, code: null, because: 'contract: an image_url may be a data URL' },
    164: { status: 400, code: 'unknown_parameter', because: "OpenAI's own code for it: SDKs and relays branch on it" },
    163: { status: 202, code: null, because: 'contract: a plain string is taken as image_url' },
  },
  {
    117: hook(''),
    118: hook('not a url'),
    119: hook('//example.com/h'),
    120: hook('http://example.com/h'),
    121: hook('ftp://example.com/'),
    122: hook('file:///etc/passwd'),
    // eslint-disable-next-line no-script-url -- it is what is sent
    123: hook('javascript:alert(1)'),
    124: hook('data:text/plain,x'),
    125: hook('gopher://example.com/_x'),
    126: hook('https://'),
    127: hook('https://user:pw@example.com/'),
    128: hook('https://example.com/#frag'),
    129: hook('https://example.com:22/'),
    130: hook('https://example.com:6379/'),
    131: hook('https://localhost/'),
    132: hook('https://foo.localhost/'),
    133: hook('https://127.0.0.1/'),
    134: hook('https://127.1/'),
    135: hook('https://2130706433/'),
    136: hook('https://0x7f000001/'),
    137: hook('https://0177.0.0.1/'),
    138: hook('https://[::1]/'),
    139: hook('https://[::ffff:127.0.0.1]/'),
    140: hook('https://[fd00::1]/'),
    141: hook('https://[64:ff9b::7f00:1]/'),
    142: hook('https://169.254.169.254/'),
    143: hook('https://10.0.0.1/'),
    144: hook('https://metadata.google.internal/'),
    145: hook('https://redis/'),
    146: hook('https://printer.local/'),
    147: hook('https://①②⑦.⓪.⓪.①/'),
    148: hook('https://example.com\\@127.0.0.1/'),
    149: hook('https://exa mple.com/'),
    150: hook('https://example.com/\nX: y'),
    151: hook(`https://example.com/${'a'.repeat(2_100)}`),
    152: hook('https://xn--/'),
    153: hook('https://example.com:99999/'),
    154: hook('https://168.63.129.16/'),
    155: hook('https://hooks.example.com/x?y=1'),
    156: hook('https://93.184.216.34/h'),
    157: hook('https://münchen.example/h'),
    158: edit([]),
    159: edit(Array.from({ length: 17 }, () => valid)),
    160: edit([{ image_url: 'file:///etc/passwd' }]),
    161: edit([{ image_url: 'http://169.254.169.254/latest/meta-data/' }]),
    162: edit([{ image_url: `data:image/png;base64,${picture.toString('base64')}` }]),
    163: edit('https://example.com/a.png'),
    164: edit([{ ...valid, detail: 'high' }]),
    165: edit([valid]),
  },
  { env: { RENDERMILL_ALLOW_NETS: '' } },
);
