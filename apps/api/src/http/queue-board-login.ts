import type { Request } from 'express';

/**
 * A page cannot send a Bearer header when it is opened. The operator's key is pasted once and comes back as a cookie that no
 * script reads, no other site sends, and that ends with the browser; it is judged like any key, so that a revoked one ends at once.
 */
const name = 'rendermill_operator';

export function operatorCookie(key: string, publicUrl: string): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${name}=${encodeURIComponent(key)}; Path=/admin/queues; HttpOnly; SameSite=Strict${secure}`;
}

/** The cookie's key as the header that all else looks at. A header that is there wins. */
export function withCookie({ headers }: Request): void {
  if (headers.authorization !== undefined) return;
  const found = (headers.cookie ?? '').split('; ').find((pair) => pair.startsWith(`${name}=`));
  const key = /^[\w%.-]{1,4096}$/.exec(found?.slice(name.length + 1) ?? '')?.[0];
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
}

/** `fault` is a message of our own. */
export function loginPage(fault: string | null): string {
  const told = fault === null ? '' : `<p role="alert">${escape(fault)}</p>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rendermill: queues</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem; color-scheme: light dark }
input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-top: .5rem }
[role=alert] { color: #b3261e }
</style>
<h1>Queues</h1>
${told}
<form method="post" action="/admin/queues/login">
<label for="key">An API key with the scope operator</label>
<input id="key" name="key" type="password" autocomplete="off" required autofocus>
<button>Show the queues</button>
</form>
</html>
`;
}

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`);
