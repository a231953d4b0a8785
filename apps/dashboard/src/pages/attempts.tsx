import type { Attempt } from '../api/types';
import { duration, usd, when } from '../format';
import { text } from '../text';

/** Every call that was made for a job, with what it came to and cost. */
export function Attempts({ attempts }: { readonly attempts: readonly Attempt[] }) {
  const { columns, outcome, running } = text.job;
  return (
    <section>
      <h2 id="attempts">{text.job.attempts}</h2>
      {attempts.length === 0 && <p className="quiet">{text.job.noAttempts}</p>}
      {attempts.length > 0 && (
        <div className="scroll" role="region" aria-labelledby="attempts" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {Object.entries(columns).map(([name, words]) => (
                  <th key={name} scope="col">
                    {words}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {attempts.map((attempt) => (
                <tr key={attempt.number}>
                  <td>{attempt.number}</td>
                  <td>{attempt.provider}</td>
                  <td>{when(attempt.started_at)}</td>
                  <td>
                    {attempt.ended_at === null ? '–' : duration(Math.max(1, attempt.ended_at - attempt.started_at))}
                  </td>
                  <td className="wide">
                    {attempt.outcome === null ? running : outcome[attempt.outcome]}
                    {attempt.http_status !== null && ` · HTTP ${attempt.http_status}`}
                    {attempt.error && (
                      <small>
                        {attempt.error.code}: {attempt.error.message}
                      </small>
                    )}
                    {attempt.request_id && <small>{attempt.request_id}</small>}
                  </td>
                  <td>{usd(attempt.cost)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
