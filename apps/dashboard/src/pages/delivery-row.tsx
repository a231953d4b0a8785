import { useState } from 'react';
import type { Delivery } from '../api/types';
import { ago, count, milliseconds, when, whenExactly } from '../format';
import { Done, Problem } from '../parts/notice';
import { Status } from '../parts/status';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { useAsk } from '../use-ask';

const colours = { pending: 'paused', delivered: 'completed', failed: 'failed' } as const;

export const pathOf = ({ id, webhook_endpoint_id }: Delivery): string =>
  `/v1/webhook_endpoints/${webhook_endpoint_id ?? 'url'}/deliveries/${id}`;

/** One delivery; opened, every attempt with what came back, and what was sent. */
export function DeliveryRow({ delivery, changed }: { readonly delivery: Delivery; readonly changed: () => void }) {
  const [open, setOpen] = useState(false);
  const words = text.webhooks;
  const last = delivery.attempts.at(-1);
  // Sent, not taken, and due again: only what was never sent is waiting.
  const isFailing = delivery.status === 'pending' && last !== undefined && last.error !== null;
  return (
    <li>
      <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          {isFailing ? (
            <Status kind="failed">{words.again}</Status>
          ) : (
            <Status kind={colours[delivery.status]}>{words.status[delivery.status]}</Status>
          )}
          <code>{delivery.event_type ?? delivery.event_id}</code>
          <span className="quiet">
            {last && (last.http_status === null ? (last.error ?? words.noAnswer) : `HTTP ${last.http_status}`)}
            {delivery.attempts.length > 1 && ` · ${words.tries(delivery.attempts.length)}`}
            {delivery.next_attempt_at !== null && ` · ${words.next(when(delivery.next_attempt_at))}`}
          </span>
          <time className="quiet">{ago(delivery.created_at)}</time>
        </summary>
        {open && <Opened delivery={delivery} changed={changed} />}
      </details>
    </li>
  );
}

function Opened({ delivery, changed }: { readonly delivery: Delivery; readonly changed: () => void }) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const [done, setDone] = useState<string | null>(null);
  const whole = useAsk<{ event: unknown }>(pathOf(delivery));
  const words = text.webhooks;
  const resend = (): void =>
    run('resend', async () => {
      await client.post(`${pathOf(delivery)}/resend`);
      setDone(words.resent);
      changed();
    });
  return (
    <div className="opened">
      <ol className="tries">
        {delivery.attempts.map((one, index) => (
          <li key={`${one.at} ${index}`}>
            <p>
              <b>{words.attempt(count(index + 1))}</b> {whenExactly(one.at)} ·{' '}
              {one.http_status === null ? words.noAnswer : `HTTP ${one.http_status}`} · {milliseconds(one.duration_ms)}
            </p>
            {one.error !== null && <p className="bad">{one.error}</p>}
            {one.http_status !== null && (
              <Body name={words.answer} empty={words.noBody} content={one.response_body ?? ''} />
            )}
          </li>
        ))}
      </ol>
      {whole.data && <Body name={words.sent} empty="" content={JSON.stringify(whole.data.event, null, 2)} />}
      <div className="together">
        <button type="button" disabled={busy !== null} onClick={resend}>
          {words.resend}
        </button>
        <Done message={done} />
      </div>
      <Problem message={problem ?? whole.problem} />
    </div>
  );
}

function Body({ name, empty, content }: { readonly name: string; readonly empty: string; readonly content: string }) {
  if (content === '') return <p className="quiet">{empty}</p>;
  return (
    <figure className="body">
      <figcaption>{name}</figcaption>
      {/* Focusable, as it scrolls. */}
      <pre tabIndex={0} role="region" aria-label={name}>
        {content}
      </pre>
    </figure>
  );
}
