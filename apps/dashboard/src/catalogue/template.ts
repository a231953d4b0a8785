import { amountOf } from './amount';
import type { Fields } from './draft';
import type { Source } from './source';

/** The body that a draft becomes; what is left empty is left to the API's defaults. Throws where it can be none. */
export function bodyOf({ kind, fileId }: Source, fields: Fields): Record<string, unknown> {
  const { usd, fault } = amountOf(fields.maxCost);
  if (fault !== null) throw new Error(fault);
  const name = fields.name.trim().slice(0, 512);
  return {
    input_file_id: fileId,
    ...(kind === 'csv' ? catalogueOf(fields) : {}),
    ...(usd === null ? {} : { max_cost: usd }),
    ...(name === '' ? {} : { metadata: { name } }),
  };
}

function catalogueOf(fields: Fields): Record<string, unknown> {
  const { encoding, delimiter } = fields;
  const template = filled({
    custom_id: fields.customId,
    prompt: fields.prompt,
    when: fields.when,
    images: fields.images,
    model: fields.model,
    size: fields.size,
    quality: fields.quality,
  });
  const csv = filled({ encoding, delimiter: delimiter === '\\t' ? '\t' : delimiter });
  return {
    template,
    ...(Object.keys(csv).length > 0 ? { csv } : {}),
    ...filled({ group_by: fields.groupBy }),
  };
}

/** A separator may be a tab. */
function filled(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== '' || value === '\t'));
}

/** Not `crypto.randomUUID`: a page that is served by http has none. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
