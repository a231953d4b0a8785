import { Liquid, type Template } from 'liquidjs';
import { aliasOf } from './header.js';

/** Longest text that one template string may render to, and be. */
export const maxRendered = 1024 * 1024;
export const maxTemplateText = 100_000;

/** What a template may cost per string and row: it comes from outside and runs in our process. */
const limits = { parseLimit: maxTemplateText, renderLimit: 1_000, memoryLimit: 16 * 1024 * 1024 } as const;

/** Tags that would read files or other templates. There are none. */
const noTags = ['include', 'render', 'layout', 'block'] as const;

/** Text of what Liquid hands over: a cell (an empty one too), a number, or nothing. */
function toText(value: unknown): string {
  return value == null ? '' : (value as string | number).toString();
}

function makeEngine(): Liquid {
  const engine = new Liquid({ ...limits, templates: {}, strictFilters: true, ownPropertyOnly: true, cache: false });
  for (const tag of noTags) delete engine.tags[tag];
  // Shopify's, which liquidjs has under no name.
  const handleize = (value: unknown): string => aliasOf(toText(value)).replaceAll('_', '-');
  engine.registerFilter('handleize', handleize);
  engine.registerFilter('handle', handleize);
  return engine;
}

const engine = makeEngine();

/** Text with neither output nor tag is plain: it is what it is. */
export function isLiquid(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

export function parseLiquid(text: string): Template[] {
  return engine.parse(text);
}

/** What a template reads from outside: the name, and the property where one is named. */
export interface Reference {
  readonly name: string;
  readonly property: string | null;
}

export function referencesOf(templates: Template[]): Reference[] {
  const { globals } = engine.analyzeSync(templates, { partials: false });
  return Object.values(globals).flatMap((uses) =>
    uses.map(({ segments: [name, property] }) => ({
      name: String(name),
      property: typeof property === 'string' ? property : null,
    })),
  );
}

export function renderLiquid(templates: Template[], scope: object): string {
  return toText(engine.renderSync(templates, scope));
}

/** What went wrong, without the excerpt that liquidjs adds below. */
export function liquidMessage(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

/** Whether an error of a rendering is a limit's. */
export function isLimit(error: unknown): boolean {
  return /limit exceeded/.test(liquidMessage(error));
}
