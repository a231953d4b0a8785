/** Rules for text that comes from outside. */

// Control characters other than tab, line feed and carriage return; and lone surrogates, which are not text.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
// eslint-disable-next-line no-control-regex -- they are what is looked for
const anyControl = /[\u0000-\u001f\u007f-\u009f]/;

/** Text that a person could have written, over several lines: prompts. */
export function isProse(text: string): boolean {
  return text.isWellFormed() && !control.test(text);
}

/** Text on one line without control characters, any script: custom ids, names. */
export function isPrintable(text: string): boolean {
  return text.isWellFormed() && !anyControl.test(text) && !/[\u2028\u2029]/.test(text);
}

/** Text cut to `max` characters for logs and messages, with a mark where it was cut. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

/**
 * What is wrong with JSON, as Node says it, without what stands around the fault, which Node repeats: it may be a prompt or a
 * key, and answers and events come into the logs of others.
 */
export function faultInJson(error: Error): string {
  return error.message.replace(/, (?:\.\.\.)?".*is not valid JSON$/s, '');
}
