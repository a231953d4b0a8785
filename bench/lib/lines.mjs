// A batch's lines as shops write them, the same for everybody who takes them in.
const prompt =
  'A clean studio photograph of the product on a white background, soft shadow, catalogue, front view, no text. ';

export function lineOf(number) {
  const body = {
    model: 'gpt-image-1',
    prompt: `${prompt.repeat(2)}Product ${number}.`,
    size: '1024x1024',
    quality: 'low',
  };
  return { custom_id: `sku/${number}`, method: 'POST', url: '/v1/images/generations', body };
}

/** A file of so many lines, as it would lie on a disk. */
export function linesFile(count) {
  const parts = [];
  for (let first = 0; first < count; first += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, count - first) }, (_, i) => JSON.stringify(lineOf(first + i)));
    parts.push(`${lines.join('\n')}\n`);
  }
  return new Blob(parts);
}
