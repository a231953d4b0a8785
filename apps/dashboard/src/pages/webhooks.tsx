import { useState } from 'react';
import type { Endpoint, List } from '../api/types';
import { count } from '../format';
import { MakingHead, useMaking } from '../parts/making';
import { Problem } from '../parts/notice';
import { Secret } from '../parts/secret';
import { Status } from '../parts/status';
import { paths } from '../router';
import { useMay, useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';
import { useAsk } from '../use-ask';
import { EndpointForm, type MadeEndpoint } from './endpoint-form';

/** Where events go: each endpoint with how it takes them. */
export function Webhooks() {
  const list = useAsk<List<Endpoint>>('/v1/webhook_endpoints?limit=100', 5_000);
  const making = useMaking<MadeEndpoint>();
  const { data } = list;
  const isEmpty = data?.data.length === 0;
  const show = (endpoint: MadeEndpoint): void => {
    making.show(endpoint);
    list.again();
  };
  return (
    <>
      <MakingHead
        words={text.webhooks}
        making={making}
        secretOf={(made) => made.signing_secret}
        asked={list}
        isEmpty={isEmpty}
      >
        <EndpointForm cancel={making.cancel} done={show} />
      </MakingHead>
      {data && !isEmpty && (
        <ul className="rows-of-links">
          {data.data.map((endpoint) => (
            <li key={endpoint.id}>
              <a href={paths.endpoint(endpoint.id)}>
                <span className="name">
                  <strong>{endpoint.name}</strong>
                  <EndpointState endpoint={endpoint} />
                </span>
                <span className="quiet">{endpoint.url}</span>
                <span className="figures">
                  <span>{endpoint.event_types.join(' · ')}</span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
      <OwnUrls />
    </>
  );
}

export function EndpointState({ endpoint }: { readonly endpoint: Endpoint }) {
  const words = text.webhooks;
  if (!endpoint.enabled) return <Status kind="failed">{words.disabled[endpoint.disabled_reason ?? 'asked']}</Status>;
  if (endpoint.failing_since !== null) return <Status kind="paused">{words.failing}</Status>;
  return <Status kind="completed">{words.enabled}</Status>;
}

/** What went to addresses that jobs and batches named themselves. */
function OwnUrls() {
  const { client } = useSession();
  const may = useMay();
  const { busy, problem, run } = useAction();
  const [secret, setSecret] = useState<string | null>(null);
  const words = text.webhooks;
  const log = useAsk<List<unknown>>('/v1/webhook_endpoints/url/deliveries?limit=1');
  const show = (): void =>
    run('secret', async () => {
      const answer = await client.get<{ signing_secret: string }>('/v1/webhook_secret');
      setSecret(answer.signing_secret);
    });
  return (
    <section>
      <h2>{words.jobsOwn}</h2>
      <p className="quiet">{words.jobsOwnText}</p>
      <div className="together">
        <a className="button" href={paths.endpoint('url')}>
          {words.log}
          {log.data?.data.length === 0 && ` (${count(0)})`}
        </a>
        {may('admin') && secret === null && (
          <button type="button" disabled={busy !== null} onClick={show}>
            {words.projectSecret}
          </button>
        )}
      </div>
      <Problem message={problem} />
      {secret !== null && (
        <Secret title={words.secretTitle} value={secret} hint={words.jobsOwnText} close={() => setSecret(null)} />
      )}
    </section>
  );
}
