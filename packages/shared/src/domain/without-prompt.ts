/** A run of a prompt that is as long as this is the prompt; shorter ones are words that anybody uses. */
const telling = 16;

/**
 * What a provider says, without what it repeats of the prompt: its answers are kept in books and events that outlive the job
 * and that others may read. A short prompt is looked for as a whole.
 */
export function withoutPrompt(text: string, prompt: string | null): string {
  const run = Math.min(telling, prompt?.length ?? 0);
  if (prompt === null || run < 4) return text;
  let kept = '';
  for (let at = 0; at < text.length;) {
    let end = at + run;
    if (end > text.length || !prompt.includes(text.slice(at, end))) {
      kept += text[at];
      at++;
      continue;
    }
    while (end < text.length && prompt.includes(text.slice(at, end + 1))) end++;
    kept += '…';
    at = end;
  }
  return kept;
}
