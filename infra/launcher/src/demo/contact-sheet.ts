import type { Result } from './results.js';

/** One page with every picture of the run; opens from disk, loads nothing from elsewhere. */
export interface Sheet {
  readonly results: readonly Result[];
  readonly provider: string;
  readonly simulated: boolean;
  readonly seconds: number;
  readonly cost: number | null;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export const dollars = (amount: number | null): string => (amount === null ? 'unknown' : `$${amount.toFixed(4)}`);

function card({ custom_id, title, status, job, file, prompt, error, ...image }: Result): string {
  const picture = file
    ? `<a href="${escape(file)}"><img src="${escape(file)}" alt="${escape(title)}" loading="lazy" width="${image.width}" height="${image.height}"></a>`
    : `<div class="none">${escape(error?.code ?? status)}</div>`;
  const facts =
    image.bytes === null
      ? escape(error?.message ?? '')
      : `${image.width}×${image.height} · ${(image.bytes / 1024).toFixed(0)} kB · ${dollars(image.cost_usd)}`;
  return `<figure>${picture}<figcaption><b>${escape(title)}</b><span class="sku">${escape(custom_id)}</span>
<small>${facts}</small><details><summary>Prompt</summary><p>${escape(prompt ?? '')}</p><p><code>${job}</code><br><code>${image.sha256 ?? ''}</code></p></details></figcaption></figure>`;
}

export function contactSheet(sheet: Sheet): string {
  const done = sheet.results.filter(({ file }) => file !== null).length;
  const money =
    sheet.cost === null
      ? 'cost unknown'
      : `${dollars(sheet.cost)}${sheet.simulated ? ' (simulated: nothing was spent)' : ''}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rendermill contact sheet</title>
<style>
:root { color-scheme: light dark; --ink: #1d2327; --soft: #6a737a; --paper: #f6f5f2; --card: #fff; --line: #e3e0d9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --soft: #9aa3a9; --paper: #16191b; --card: #1f2427; --line: #2e3438; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem clamp(1rem, 4vw, 4rem); background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .25rem 2rem; align-items: baseline; margin-bottom: 2rem; }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
header p { margin: 0; color: var(--soft); }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.25rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
img { display: block; width: 100%; height: auto; background: var(--line); }
.none { aspect-ratio: 1; display: grid; place-items: center; color: #b3403a; }
figcaption { padding: .8rem 1rem 1rem; display: grid; gap: .15rem; }
.sku { font-size: .8rem; color: var(--soft); letter-spacing: .03em; }
small { color: var(--soft); }
summary { cursor: pointer; color: var(--soft); font-size: .85rem; margin-top: .3rem; }
details p { margin: .5rem 0 0; font-size: .85rem; }
code { font-size: .7rem; overflow-wrap: anywhere; color: var(--soft); }
</style>
</head>
<body>
<header><h1>Rendermill contact sheet</h1><p>${done} of ${sheet.results.length} pictures</p><p>${escape(sheet.provider)}</p><p>${money}</p><p>${sheet.seconds.toFixed(1)} s</p></header>
<main>
${sheet.results.map(card).join('\n')}
</main>
</body>
</html>
`;
}
