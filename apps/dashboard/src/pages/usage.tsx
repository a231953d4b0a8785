import type { UsageFigures, UsageReport } from '../api/types';
import { count, day, duration, percent, usd } from '../format';
import { Empty, Fact, Loading, Problem, Title } from '../parts/notice';
import { text } from '../text';
import { useAsk } from '../use-ask';

/** What was bought in the last thirty days: in all, by day, by model, by provider. */
export function Usage() {
  const report = useAsk<UsageReport>('/v1/usage?group_by=day', 30_000);
  const words = text.usage;
  const { data } = report;
  return (
    <>
      <Title name={words.title} lead={words.lead} />
      <Problem message={report.problem} again={report.again} />
      {!data && !report.problem && <Loading />}
      {data?.total.requests === 0 && (
        <Empty title={words.emptyTitle}>
          <p>{words.empty}</p>
        </Empty>
      )}
      {data && data.total.requests > 0 && (
        <>
          <Totals total={data.total} />
          <Days report={data} />
          <By what="model" />
          <By what="provider" />
        </>
      )}
    </>
  );
}

function Totals({ total }: { readonly total: UsageFigures }) {
  const words = text.usage;
  const { cost, unknown, response_seconds: seconds } = total;
  return (
    <section className="standing">
      <p className="large">{usd(cost.total)}</p>
      <dl className="facts">
        <Fact name={words.images}>{count(total.images)}</Fact>
        <Fact name={words.perImage}>{usd(cost.mean_per_image)}</Fact>
        <Fact name={words.requests}>{count(total.requests)}</Fact>
        <Fact name={words.success}>{total.success_rate === null ? '–' : percent(total.success_rate)}</Fact>
        <Fact name={words.response}>{seconds.p50 === null ? '–' : duration(seconds.p50)}</Fact>
        {unknown.requests > 0 && (
          <Fact name={words.maybe}>
            {usd(unknown.cost)}
            <small>{words.attempts(unknown.requests)}</small>
          </Fact>
        )}
        {cost.unpriced > 0 && <Fact name={words.unpriced}>{words.attempts(cost.unpriced)}</Fact>}
      </dl>
    </section>
  );
}

const daySeconds = 86_400;

/** A column for each day; its figure is said and shown where it is pointed at. */
function Days({ report: { data, start_time, end_time } }: { readonly report: UsageReport }) {
  const costs = new Map(data.map((row) => [row.day, row.cost.total ?? 0]));
  const days = Array.from({ length: Math.round((end_time - start_time) / daySeconds) }, (_, i) =>
    new Date((start_time + i * daySeconds) * 1_000).toISOString().slice(0, 10),
  );
  const most = Math.max(...costs.values(), 0);
  return (
    <section>
      <h2>{text.usage.byDay}</h2>
      <ul className="columns">
        {days.map((one) => {
          const said = `${day(one)}: ${usd(costs.get(one) ?? 0)}`;
          const height = most === 0 ? 0 : ((costs.get(one) ?? 0) / most) * 100;
          return (
            <li key={one} title={said}>
              <span className="unseen">{said}</span>
              <i style={{ height: `${height}%` }} />
            </li>
          );
        })}
      </ul>
      <p className="quiet ends-of-axis">
        <span>{day(days[0] ?? '')}</span>
        <span>{day(days.at(-1) ?? '')}</span>
      </p>
    </section>
  );
}

function By({ what }: { readonly what: 'model' | 'provider' }) {
  const { data, problem, again } = useAsk<UsageReport>(`/v1/usage?group_by=${what}`, 30_000);
  const words = text.usage;
  const rows = [...(data?.data ?? [])].sort((a, b) => (b.cost.total ?? 0) - (a.cost.total ?? 0));
  return (
    <section>
      <h2 id={`by-${what}`}>{what === 'model' ? words.byModel : words.byProvider}</h2>
      <Problem message={problem} again={again} />
      <div className="scroll" role="region" aria-labelledby={`by-${what}`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{what === 'model' ? text.job.facts.model : text.job.facts.provider}</th>
              {[words.cost, words.images, words.perImage, words.requests, words.success, words.response].map((name) => (
                <th key={name} scope="col" className="figure">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row[what]}>
                <td>{row[what]}</td>
                <td className="figure">{usd(row.cost.total)}</td>
                <td className="figure">{count(row.images)}</td>
                <td className="figure">{usd(row.cost.mean_per_image)}</td>
                <td className="figure">{count(row.requests)}</td>
                <td className="figure">{row.success_rate === null ? '–' : percent(row.success_rate)}</td>
                <td className="figure">
                  {row.response_seconds.p50 === null ? '–' : duration(row.response_seconds.p50)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
