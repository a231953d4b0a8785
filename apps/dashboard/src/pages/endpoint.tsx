import { useState } from 'react';
import type { Endpoint } from '../api/types';
import { count, when } from '../format';
import { Fact, Loading, Problem, Title } from '../parts/notice';
import { Secret } from '../parts/secret';
import { paths } from '../router';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { DeliveryLog } from './delivery-log';
import { EndpointActions, Recover, TestEvent } from './endpoint-actions';
import { EndpointState } from './webhooks';

/** One endpoint: how it takes what it is told, what can be done with it, and its log. `url`: what jobs named themselves. */
export function EndpointPage({ id }: { readonly id: string }) {
  return (
    <>
      <p className="crumb">
        <a href={paths.webhooks}>{text.webhooks.all}</a>
      </p>
      {id === 'url' ? <OwnLog /> : <Known id={id} />}
    </>
  );
}

function OwnLog() {
  return (
    <>
      <Title name={text.webhooks.jobsOwn} lead={text.webhooks.jobsOwnText} />
      <DeliveryLog endpoint="url" />
    </>
  );
}

function Known({ id }: { readonly id: string }) {
  const { data: endpoint, problem, again } = useAsk<Endpoint>(`/v1/webhook_endpoints/${id}`, 5_000);
  const [secret, setSecret] = useState<string | null>(null);
  const [changes, setChanges] = useState(0);
  const words = text.webhooks;
  if (!endpoint) return problem === null ? <Loading /> : <Problem message={problem} again={again} />;
  const changed = (): void => {
    setChanges(changes + 1);
    again();
  };
  return (
    <>
      <Title
        name={endpoint.name}
        state={
          <>
            <EndpointState endpoint={endpoint} />{' '}
            {endpoint.enabled && endpoint.failing_since !== null && words.failingSince(when(endpoint.failing_since))}
          </>
        }
      >
        <EndpointActions endpoint={endpoint} changed={changed} showSecret={setSecret} />
      </Title>
      <Problem message={problem} again={again} />
      {secret !== null && (
        <Secret title={words.secretTitle} value={secret} hint={words.secretOnce} close={() => setSecret(null)} />
      )}
      <dl className="facts card">
        <Fact name={words.url}>{endpoint.url}</Fact>
        <Fact name={words.facts.events}>{endpoint.event_types.join(', ')}</Fact>
        <Fact name={words.facts.rate}>
          {endpoint.max_per_minute === null
            ? words.facts.noRate
            : words.facts.perMinute(count(endpoint.max_per_minute))}
        </Fact>
        <Fact name={words.facts.secret}>
          <code>{endpoint.signing_secret_hint}</code>
        </Fact>
        <Fact name={words.facts.made}>{when(endpoint.created_at)}</Fact>
      </dl>
      <div className="pair">
        <TestEvent endpoint={endpoint} />
        <Recover endpoint={endpoint} changed={changed} />
      </div>
      <DeliveryLog key={changes} endpoint={id} />
    </>
  );
}
