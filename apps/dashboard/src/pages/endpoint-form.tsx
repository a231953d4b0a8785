import { useState } from 'react';
import type { Endpoint } from '../api/types';
import { CreateForm } from '../parts/create-form';
import { Checks, Field } from '../parts/field';
import { text } from '../text';
import { useAsk } from '../use-ask';

/** What most want to hear first. */
const usual = ['job.completed', 'job.failed', 'batch.completed', 'batch.failed'];

/** An endpoint with its secret, as the answer that made it has it. */
export type MadeEndpoint = Endpoint & { readonly signing_secret: string };

interface Props {
  readonly cancel: () => void;
  readonly done: (made: MadeEndpoint) => void;
}

export function EndpointForm({ cancel, done }: Props) {
  const types = useAsk<{ data: readonly string[] }>('/v1/webhook_event_types');
  const [name, setName] = useState('');
  const [url, setUrl] = useState('https://');
  const [chosen, setChosen] = useState<readonly string[]>(usual);
  const [rate, setRate] = useState('');
  const body = { name, url, event_types: chosen, ...(rate === '' ? {} : { max_per_minute: Number(rate) }) };
  const words = text.webhooks;
  const groupOf = (type: string): string => type.split('.')[0] ?? '';
  const all = types.data?.data ?? [];
  return (
    <CreateForm<MadeEndpoint>
      words={{ ...words, busy: words.adding }}
      path="/v1/webhook_endpoints"
      body={body}
      problem={types.problem}
      isReady={chosen.length > 0}
      cancel={cancel}
      done={done}
    >
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
            show={(type) => (
              <>
                <code>{type}</code> <span className="quiet">{words.about[type]}</span>
              </>
            )}
          />
        ))}
      </div>
    </CreateForm>
  );
}
