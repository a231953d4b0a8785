import { useState } from 'react';
import type { Delivery, DeliveryStatus, List } from '../api/types';
import { Empty, Loading, Problem } from '../parts/notice';
import { Pager, usePaging } from '../parts/pager';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { DeliveryRow } from './delivery-row';

const states: readonly DeliveryStatus[] = ['pending', 'delivered', 'failed'];

/** What was told to an endpoint, newest first. */
export function DeliveryLog({ endpoint }: { readonly endpoint: string }) {
  const [status, setStatus] = useState<DeliveryStatus | null>(null);
  const paging = usePaging();
  const filter = status === null ? '' : `&status=${status}`;
  const path = `/v1/webhook_endpoints/${endpoint}/deliveries`;
  const list = useAsk<List<Delivery>>(`${path}?limit=25${filter}${paging.after}`, 3_000);
  const words = text.webhooks;
  const choose = (next: DeliveryStatus | null) => () => {
    setStatus(next);
    paging.first();
  };
  return (
    <section>
      <h2>{words.log}</h2>
      <div className="choices" role="group" aria-label={words.log}>
        <button type="button" aria-pressed={status === null} onClick={choose(null)}>
          {text.gallery.all}
        </button>
        {states.map((one) => (
          <button key={one} type="button" aria-pressed={status === one} onClick={choose(one)}>
            {words.status[one]}
          </button>
        ))}
      </div>
      <Problem message={list.problem} again={list.again} />
      {!list.data && !list.problem && <Loading />}
      {list.data?.data.length === 0 && (
        <Empty>
          <p>{status === null && paging.number === 1 ? words.logEmpty : words.logNone}</p>
        </Empty>
      )}
      <ul className="log">
        {list.data?.data.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} changed={list.again} />
        ))}
      </ul>
      <Pager paging={paging} list={list.data} />
    </section>
  );
}
