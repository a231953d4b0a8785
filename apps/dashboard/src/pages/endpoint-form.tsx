import { useState } from 'react';
import { newIdempotencyKey } from '../catalogue/template';
import type { Endpoint } from '../api/types';
import { Checks, Field } from '../parts/field';
import { Problem } from '../parts/notice';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { useAsk } from '../use-ask';

/** What most want to hear first. */
const usual = ['job.completed', 'job.failed', 'batch.completed', 'batch.failed'];

interface Props {
  readonly cancel: () => void;
  readonly done: (endpoint: Endpoint & { readonly signing_secret: string }) => void;
}

export function EndpointForm({ cancel, done }: Props) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const types = useAsk<{ data: readonly string[] }>('/v1/webhook_event_types');
  const [name, setName] = useState('');
  const [url, setUrl] = useState('https://');
  const [chosen, setChosen] = useState<readonly string[]>(usual);
  const [rate, setRate] = useState('');
  // Sent twice it is one endpoint, as long as nothing of it was changed.
  const body = { name, url, event_types: chosen, ...(rate === '' ? {} : { max_per_minute: Number(rate) }) };
  const [sent, setSent] = useState({ text: '', key: '' });
  const words = text.webhooks;
  const create = (): void =>
    run('create', async () => {
      const written = JSON.stringify(body);
      const key = sent.text === written ? sent.key : newIdempotencyKey();
      setSent({ text: written, key });
      done(await client.post('/v1/webhook_endpoints', body, { 'idempotency-key': key }));
    });
  const groupOf = (type: string): string => type.split('.')[0] ?? '';
  const all = types.data?.data ?? [];
  return (
    <form
      className="card"
      aria-label={words.add}
      onSubmit={(event) => {
        event.preventDefault();
        create();
      }}
    >
      <h2>{words.add}</h2>
      <div className="grid">
        <Field label={words.name} hint={words.nameHint} value={name} change={setName} required />
        <Field label={words.url} hint={words.urlHint} value={url} change={setUrl} type="url" required />
        <Field label={words.rate} hint={words.rateHint} value={rate} change={setRate} type="number" min={1} />
      </div>
      <div className="grid">
        {[...new Set(all.map(groupOf))].map((group) => (
          <Checks
            key={group}
            label={`${words.events}: ${words.eventsOf[group] ?? group}`}
            values={all.filter((type) => groupOf(type) === group)}
            chosen={chosen}
            change={setChosen}
            show={(type) => <code>{type}</code>}
          />
        ))}
      </div>
      <Problem message={problem ?? types.problem} />
      <div className="together">
        <button type="submit" className="main" disabled={busy !== null || chosen.length === 0}>
          {busy ? words.adding : words.create}
        </button>
        <button type="button" onClick={cancel}>
          {words.discard}
        </button>
      </div>
    </form>
  );
}
