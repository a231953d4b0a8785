/** Prometheus' text format, read as strictly as it is defined: who scrapes us takes less. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const suffixes: Record<string, readonly string[]> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** Families by name. Throws at the first line that is not as the format says. */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let current: Family | undefined;
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') {
        if (helps.has(name)) throw new Error(`${name} comes twice`);
        helps.set(name, rest);
        continue;
      }
      if (!Object.hasOwn(suffixes, rest)) throw new Error(`${name} has an unknown type: ${rest}`);
      current = { name, type: rest, help: helps.get(name) ?? '', samples: [] };
      families.set(name, current);
      continue;
    }
    const sample = readSample(line);
    const { name, type } = current ?? { name: '', type: 'gauge' };
    if (!current || !suffixes[type]?.some((suffix) => name + suffix === sample.name))
      throw new Error(`a sample outside its family: ${line}`);
    const series = sample.name + JSON.stringify(Object.entries(sample.labels).sort(([a], [b]) => a.localeCompare(b)));
    if (seen.has(series)) throw new Error(`a series comes twice: ${line}`);
    seen.add(series);
    current.samples.push(sample);
  }
  return families;
}

function readSample(line: string): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  const [, name = '', inside = '', number = ''] = match;
  const labels: Record<string, string> = {};
  const rest = inside.replaceAll(
    /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)",?/g,
    (_, label: string, value: string) => {
      labels[label] = value;
      return '';
    },
  );
  if (rest !== '') throw new Error(`labels that cannot be read: ${line}`);
  const value = { '+Inf': Infinity, '-Inf': -Infinity, Nan: NaN, NaN }[number] ?? Number(number);
  if (Number.isNaN(value) && number !== 'NaN' && number !== 'Nan') throw new Error(`not a number: ${line}`);
  return { name, labels, value };
}

/** The sum of a family's samples that have these labels; undefined where there is none. */
export function sumOf(
  families: ReadonlyMap<string, Family>,
  sample: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(sample) ?? families.get(sample.replace(/_(bucket|sum|count)$/, ''));
  const fitting = (family?.samples ?? []).filter(
    (one) => one.name === sample && Object.entries(labels).every(([name, value]) => one.labels[name] === value),
  );
  return fitting.length === 0 ? undefined : fitting.reduce((sum, { value }) => sum + value, 0);
}
