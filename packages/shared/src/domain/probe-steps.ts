import { providerModel, type Account } from './accounts.js';
import type { ProbeMark } from './job.js';
import type { JobRequest, Operation } from './job-request.js';
import { modelRow } from './models.js';
import { servedAs } from './needs.js';
import { parameterRules } from './presets/preset.js';

/**
 * The calls of a probe, cheapest way first: the most is asked for at once, for what is accepted tells of all of it, and
 * what is refused costs nothing; only then is less asked for. Which call comes next hangs on what the others came to.
 */
export interface ProbeStep {
  readonly name: string;
  /** For people: what it finds out. */
  readonly asks: string;
  readonly operation: Operation;
  readonly request: JobRequest;
  /** How many input images it sends. */
  readonly images: 0 | 1 | 2;
  readonly mask: boolean;
  readonly forms: Pick<ProbeMark, 'images_field' | 'edit_form' | 'response_format'>;
}

export interface StepResult {
  readonly name: string;
  readonly came_to: 'accepted' | 'refused';
}

/** The pictures that its edits send: small, for they may be billed by their size. */
export const probeImageSide = 512;

const prompt = 'A red circle in the middle of a plain white background.';

/** Low where the model knows it: else its cheapest is what it makes without being told. */
function basics(model: string): JobRequest {
  const low = modelRow(model)?.qualities.includes('low') ?? true;
  return { prompt, n: 1, ...(low ? { quality: 'low' } : {}) };
}

const isChat = (model: string): boolean => modelRow(model)?.api === 'chat';

/** A size that nobody makes unless he was asked to. */
function oblong(model: string): string | undefined {
  const row = modelRow(model);
  if (!row || row.sizes === 'flexible') return '1536x1024';
  return row.sizes.find((size) => size === '1536x1024') ?? row.sizes.find((size) => !/^(\d+)x\1$/.test(size));
}

/** Every parameter that the model has, and its preset does not leave out or refuse by itself. */
function everything({ preset }: Account, model: string): JobRequest {
  const row = modelRow(model);
  const known = (name: string): boolean => (row ? row.extras.includes(name) : name !== 'effort');
  const size = oblong(model);
  const formats = row?.formats ?? ['jpeg'];
  const all: Partial<JobRequest> = {
    ...(size ? { size } : {}),
    ...(!row || row.backgrounds.length > 0 ? { background: 'opaque' } : {}),
    ...(formats.includes('jpeg') ? { output_format: 'jpeg', output_compression: 80 } : {}),
    ...(known('moderation') ? { moderation: 'low' } : {}),
    ...(known('effort') ? { effort: 'low' } : {}),
    user: 'rendermill-probe',
  };
  const rules = parameterRules(preset, model);
  const sent = Object.entries(all).filter(([name]) => typeof rules[name] !== 'string');
  return { ...basics(model), ...Object.fromEntries(sent) };
}

function generations(account: Account, model: string): readonly ProbeStep[] {
  const step = { operation: 'generation', images: 0, mask: false } as const;
  const square = modelRow(model)?.sizes === 'flexible' || !modelRow(model) ? '1024x1024' : undefined;
  const size = square ?? modelRow(model)?.sizes[0];
  const plain: ProbeStep = {
    ...step,
    name: 'generation',
    asks: 'a picture from words alone',
    request: { ...basics(model), ...(typeof size === 'string' ? { size } : {}) },
    forms: { response_format: null },
  };
  if (isChat(model)) return [{ ...plain, forms: {} }];
  const all: ProbeStep = {
    ...step,
    name: 'generation_with_every_parameter',
    asks: 'a picture from words, with every optional parameter and response_format',
    request: everything(account, model),
    forms: { response_format: 'b64_json' },
  };
  return [all, plain];
}

function edit(account: Account, model: string, images: 1 | 2, mask: boolean, forms: ProbeStep['forms']): ProbeStep {
  const field = images === 2 ? (forms.images_field ?? account.preset.imagesField) : 'image';
  const form = forms.edit_form ?? account.preset.editForm;
  const words = [images === 2 ? 'two_images' : 'one_image', ...(mask ? ['mask'] : [])].join('_and_');
  const how = form === 'json' ? '_as_json' : images === 2 && field === 'image' ? '_as_image' : '';
  const [plain] = generations(account, model).slice(-1);
  const said = `${images === 2 ? 'two images' : 'one image'}${mask ? ' and a mask' : ''}`;
  return {
    name: `edit_of_${words}${how}`,
    asks: `an edit of ${said}, ${form === 'json' ? 'as JSON' : `in the form field ${field}`}`,
    operation: 'edit',
    request: plain?.request ?? basics(model),
    images,
    mask,
    forms: { images_field: field, edit_form: form, response_format: null },
  };
}

/** The next call after those that have come to something; null: nothing more is to be found out. */
export function nextStep(account: Account, model: string, results: readonly StepResult[]): ProbeStep | null {
  const cameTo = (step: ProbeStep | undefined) => results.find(({ name }) => name === step?.name)?.came_to;
  const [first, second] = generations(account, model);
  if (first && cameTo(first) === undefined) return first;
  if (second && cameTo(first) === 'refused' && cameTo(second) === undefined) return second;
  const most = modelRow(model)?.maxInputs ?? 16;
  if (isChat(model) || most === 0 || servedAs(account, 'edit', model) !== 'edit') return null;
  const masked = modelRow(model)?.mask ?? true;
  const other = account.preset.imagesField === 'image' ? 'image[]' : 'image';
  const several = edit(account, model, 2, false, {});
  const inOther = edit(account, model, 2, false, { images_field: other });
  const full = edit(account, model, 2, true, {});
  const oneMasked = edit(account, model, 1, true, {});
  const one = edit(account, model, 1, false, {});
  const asJson = edit(account, model, 1, false, { edit_form: 'json' });
  const taken = (step: ProbeStep): boolean => cameTo(step) === 'accepted';
  if (most > 1) {
    if (masked && cameTo(full) === undefined) return full;
    if (masked && taken(full)) return null;
    if (cameTo(several) === undefined) return several;
    if (!taken(several) && cameTo(inOther) === undefined) return inOther;
  }
  const edits = most > 1 && (taken(several) || taken(inOther));
  if (masked && cameTo(oneMasked) === undefined) return oneMasked;
  if (edits || (masked && taken(oneMasked))) return null;
  if (cameTo(one) === undefined) return one;
  return !taken(one) && account.preset.editForm !== 'json' && cameTo(asJson) === undefined ? asJson : null;
}

/** Whether a probe of this model can be made at all: an account that does not sell it is not asked. */
export function sells(account: Account, model: string): boolean {
  return providerModel(account, model) !== null;
}
