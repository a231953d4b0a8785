import { bodyOf, inputOptions, inputOptionsHelp, uploadInput } from '../batch/input.js';
import { estimateOf, leftToModel, sayPrice } from '../batch/price.js';
import { exitCodes, number, UsageError, type Command } from '../command.js';
import { clip, dollars } from '../format.js';

export const plan: Command = {
  usage: 'plan FILE [--template FILE] [--rows N]',
  summary: 'Shows the first rows as they would be sent, and what all would cost. Nothing is bought or kept.',
  options: { ...inputOptions, rows: { type: 'string' } },
  optionsHelp: [
    'FILE                 .csv, .jsonl, or - for what is piped in',
    ...inputOptionsHelp,
    '--rows N             how many to show, 1 to 100 (10)',
    'It ends with 5 where any row of the whole file would fail, shown or not.',
  ],
  arguments: { least: 1, most: 1 },
  run: async (run) => {
    const { client, terminal, positionals, json } = run;
    const file = positionals[0] ?? '';
    const rows = number(run, 'rows') ?? 10;
    if (!Number.isInteger(rows) || rows < 1 || rows > 100) throw new UsageError('--rows is 1 to 100.');
    const body = await bodyOf(run, file);
    const stored = await uploadInput(run, file, body.template !== undefined);
    try {
      const whole = { ...body, input_file_id: stored.id };
      const preview = await client.post('/v1/batches/preview', {
        body: whole,
        query: { limit: rows },
      });
      const estimate = await estimateOf(run, whole);
      if (json) terminal.print(JSON.stringify({ preview, estimate }, null, 2));
      else {
        const width = Math.max(0, ...preview.data.map(({ line }) => String(line).length));
        for (const row of preview.data) terminal.print(shown(row, width));
        if (preview.has_more) terminal.print('…');
      }
      sayPrice(run, estimate, leftToModel(preview.data));
      // All rows count, however many are shown.
      const well = estimate ? estimate.invalid_lines.count === 0 : preview.data.every(({ error }) => error === null);
      return well ? exitCodes.done : exitCodes.partly;
    } finally {
      await client.files.delete(stored.id);
    }
  },
};

interface Row {
  readonly line: number;
  readonly custom_id: string | null;
  readonly type: string | null;
  readonly model: string | null;
  readonly request: ({ readonly images?: readonly string[] } & Readonly<Record<string, unknown>>) | null;
  readonly cost: { readonly max: number } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

function shown({ line, custom_id, type, model, request, cost, error }: Row, width: number): string {
  const below = `\n${' '.repeat(width + 2)}`;
  const head = `${String(line).padStart(width)}  ${clip(custom_id ?? '', 60)}`;
  if (error) return `${head}  ${error.code}${below}${clip(error.message, 400)}`;
  const { prompt, images = [], n, size, quality } = request ?? {};
  const facts = [type, model, size, quality, n === 1 ? undefined : `${String(n)} pictures`, dollars(cost?.max)];
  const lines = [
    `${head}  ${facts.filter((fact) => typeof fact === 'string').join(', ')}`,
    ...(typeof prompt === 'string' ? [clip(prompt, 400)] : []),
    ...images.map((image) => `from ${clip(image, 200)}`),
  ];
  return lines.join(below);
}
