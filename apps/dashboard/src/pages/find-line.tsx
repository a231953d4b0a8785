import { useEffect, useRef, useState, type FormEvent } from 'react';
import type { Client } from '../api/client';
import type { Batch, Job, List } from '../api/types';
import { Problem } from '../parts/notice';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';

/** The way to the line that has an id of the caller's, as an SKU is. */
export function FindLine({ batch, found }: { readonly batch: Batch; readonly found: (place: number) => void }) {
  const { client } = useSession();
  const [id, setId] = useState('');
  const [missed, setMissed] = useState<string | null>(null);
  const { busy, problem, run } = useAction();
  const gone = useRef<AbortController>(null);
  useEffect(() => () => gone.current?.abort(), []);
  const look = (event: FormEvent): void => {
    event.preventDefault();
    const wanted = id.trim();
    if (wanted === '') return;
    setMissed(null);
    const { signal } = (gone.current = new AbortController());
    run('find', async () => {
      const line = await lineOf(client, batch.id, wanted, signal);
      if (line === null) setMissed(wanted);
      else found(line - 1);
    });
  };
  const words = text.gallery;
  return (
    <form className="inline" onSubmit={look}>
      <label htmlFor="find-line">{words.find}</label>
      <input id="find-line" type="search" value={id} onChange={({ target }) => setId(target.value)} />
      <button type="submit" disabled={busy !== null}>
        {busy === null ? words.findGo : words.finding}
      </button>
      <span role="status">{missed !== null && words.notFound(missed)}</span>
      <Problem message={problem} />
    </form>
  );
}

/** The API looks at two thousand lines a time, and says where it has come to. */
async function lineOf(client: Client, batch: string, customId: string, signal: AbortSignal): Promise<number | null> {
  const query = new URLSearchParams({ batch_id: batch, custom_id: customId, order: 'asc', limit: '1' });
  for (;;) {
    const { data, has_more, last_id } = await client.get<List<Job>>(`/v1/jobs?${query}`, signal);
    if (data[0]?.line != null) return data[0].line;
    if (!has_more || last_id === null) return null;
    query.set('after', last_id);
  }
}
