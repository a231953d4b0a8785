/** The pictures in an answer of chat completions: links in its text, links beside it, or data URLs. */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const markdownImage = /!\[[^\]]*\]\(\s*(https?:\/\/[^)\s]+|data:image\/[a-z+]+;base64,[A-Za-z0-9+/=]+)/g;
const bareLink = /https?:\/\/[^\s<>"'()[\]]+/g;

function firstMessage(json: unknown): Record<string, unknown> | null {
  if (!isObject(json) || !Array.isArray(json['choices'])) return null;
  const [choice] = json['choices'] as unknown[];
  return isObject(choice) && isObject(choice['message']) ? choice['message'] : null;
}

/** The text of the first choice; null where the answer is none of chat completions. */
export function chatText(json: unknown): string | null {
  const message = firstMessage(json);
  if (!message) return null;
  const { content } = message;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('\n');
}

/**
 * Links and data URLs, in their order, each once: those of markdown images; where there are none, those that stand in
 * `message.images`; else every link of the text.
 */
export function chatPictures(json: unknown): string[] {
  const text = chatText(json);
  if (text === null) return [];
  const marked = [...text.matchAll(markdownImage)].map(([, link]) => link ?? '');
  if (marked.length > 0) return [...new Set(marked)];
  const beside = imagesBeside(firstMessage(json)?.['images']);
  const bare = (text.match(bareLink) ?? []).map((link) => link.replace(/[.,;:!?*。，；！]+$/, ''));
  return [...new Set(beside.length > 0 ? beside : bare)];
}

function imagesBeside(images: unknown): string[] {
  if (!Array.isArray(images)) return [];
  return images.flatMap((image: unknown) => {
    const place = isObject(image) ? (image['image_url'] ?? image['url']) : image;
    const url = isObject(place) ? place['url'] : place;
    return typeof url === 'string' && url !== '' ? [url] : [];
  });
}
