// The results as a table for people.

const order = ['ours', 'script', 'bullmq'];

function cell({ median, p95, min, max, samples }, { digits, quantiles }) {
  const figure = (value) => value.toFixed(digits);
  if (quantiles) return `${figure(median)} (p95 ${figure(p95)})`;
  return samples.length === 1 || min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((text, column) => text.padEnd(widths[column] + 3)).join('')}`.trimEnd());
}

function ratios(contenders, columns) {
  return order.slice(1).flatMap((peer) => {
    if (!contenders[peer]) return [];
    const row = columns.map(({ key, ratio }) =>
      ratio ? (contenders.ours[key].median / contenders[peer][key].median).toFixed(2) : '',
    );
    return [[`ours / ${peer}`, ...row]];
  });
}

function goalLine({ text, value, met }) {
  return `  ${met ? 'met    ' : 'NOT MET'}  ${text}: ${Number(value.toFixed(2))}`;
}

/** Lines for one result; `columns` are its measure's. */
export function resultLines({ measure, variant, about, contenders, goals }, columns) {
  const title = `${measure} (${variant}): ${about}`;
  if (contenders === null) return ['', title, '  NOT RUN: no S3 server could be had'];
  const names = order.filter((name) => contenders[name]);
  const rows = [
    ['', ...columns.map(({ label }) => label)],
    ...names.map((name) => [name, ...columns.map((column) => cell(contenders[name][column.key], column))]),
    ...ratios(contenders, columns),
  ];
  return ['', title, ...aligned(rows), ...goals.map(goalLine)];
}
