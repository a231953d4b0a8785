/**
 * What a preset cannot say of its provider: how to begin, and what has caught people. From the providers' own documents
 * (2025, for OpenAI November 2026); what a page promises in its provider's name is said to be its provider's word.
 */
export const providerNotes = {
  openai: {
    begin: 'Make a key, best in a project of its own: then the bill can be compared with `GET /v1/usage`.',
    traps: [
      'It answers bytes for its GPT image models and refuses `response_format` there; Rendermill does not send it, and gives you bytes or a link as you ask.',
      'It counts requests and images a minute for each model. So does Rendermill here: a 429 about one model pauses that model alone.',
      'Its pictures carry C2PA marks of origin inside the bytes. They are stored untouched, so the marks stay.',
    ],
  },
  apiyi: {
    begin: 'Make a token on its site.',
    traps: [
      'It answers links, said to live for 24 hours, unless it is asked for bytes. Rendermill asks for bytes.',
      'Its document allows prompts of 1,000 characters for gpt-image-1; a longer one is refused here before it is paid.',
      'It bills by token or by image, whichever is cheaper; estimates and costs follow that.',
      'One of its samples sends a transparent background with JPEG, which cannot be: use PNG or WebP.',
      '`sora_image` is asked by chat completions and costs the same whatever it makes; it generates only.',
      '`gpt-image-2-all` makes whatever size it likes and does not say so; a request that names a `size` is not sent there.',
    ],
  },
  laozhang: {
    begin:
      'Make a token on its site. A free account has 20 requests a minute and 150 a day, by its own word; the preset has the limits of a paid one, so write a free account’s into the configuration, as below.',
    config: {
      providers: [
        {
          id: 'laozhang',
          preset: 'laozhang',
          api_key: '${LAOZHANG_API_KEY}',
          limits: { concurrency: 5, requests_per_minute: 20, requests_per_day: 150 },
        },
      ],
      usd_per: { CNY: 0.14 },
    },
    traps: [
      'Its prices of gpt-image-1 are in CNY: unknown until `usd_per.CNY` is set.',
      'It has words of its own for some parameters; yours are OpenAI’s, or its own, and are translated.',
      'It counts with a bucket that allows bursts, and has a monthly quota of images by account: set `burst` and `images_per_month` where you know yours.',
      'Prices of later models depend on the group of the key: unknown until you set them.',
    ],
  },
  cometapi: {
    begin: 'Make a key on its site.',
    traps: [
      'Its documents do not say whether it answers bytes or links: either is taken.',
      'They name one rate for all input and the three sizes of gpt-image-1.',
    ],
  },
  tuzi: {
    begin:
      'Make the key for the group “OpenAI”: one of another group does not reach these models. It has several addresses; `TUZI_API_BASE` chooses one.',
    traps: [
      'It answers bytes by default, and links at times: either is taken.',
      'Its word for `output_format` is `format`; yours is translated.',
      'Its prices are about 68 % of OpenAI’s by its own word: the table is that share of OpenAI’s, not a list of its own. Compare it with your first bill, and set `prices` where it differs.',
      'DALL·E 3 generates only.',
      'A mask applies to the first image; its transparent part is replaced. `"mask_from": "luminance"` makes a black-and-white mask into one, in which black is replaced.',
    ],
  },
  bianxie: {
    begin: 'Make a key on its site.',
    traps: [
      'Its prices are in none of its documents: set `prices` from your bill, or estimates, `max_cost` and `spend_limit` refuse its models.',
      'It answers bytes.',
    ],
  },
};
