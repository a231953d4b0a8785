import type { Delivery, Job, List } from '../api/types';
import { Loading, Problem } from '../parts/notice';
import { paths } from '../router';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { DeliveryRow } from './delivery-row';

/** Who was told of a job's end, and how they took it. */
export function JobDeliveries({ job }: { readonly job: Job }) {
  return (
    <section>
      <h2>{text.job.deliveries}</h2>
      {job.batch_id === null ? (
        <Log id={job.id} />
      ) : (
        <p className="quiet">
          {text.job.lineDeliveries} <a href={paths.webhooks}>{text.webhooks.title}</a>
        </p>
      )}
    </section>
  );
}

function Log({ id }: { readonly id: string }) {
  const list = useAsk<List<Delivery>>(`/v1/jobs/${id}/deliveries`, 3_000);
  return (
    <>
      <Problem message={list.problem} again={list.again} />
      {!list.data && !list.problem && <Loading />}
      {list.data?.data.length === 0 && <p className="quiet">{text.job.noDeliveries}</p>}
      <ul className="log">
        {list.data?.data.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} changed={list.again} />
        ))}
      </ul>
    </>
  );
}
