import { useState } from 'react';
import type { Endpoint } from '../api/types';
import { Choice, Field } from '../parts/field';
import { Done, Problem } from '../parts/notice';
import { Sure } from '../parts/sure';
import { go, paths } from '../router';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';

interface Props {
  readonly endpoint: Endpoint;
  readonly changed: () => void;
}

/** On and off, a new secret, the end of it. */
export function EndpointActions({
  endpoint,
  changed,
  showSecret,
}: Props & { readonly showSecret: (secret: string) => void }) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const [keep, setKeep] = useState(true);
  const words = text.webhooks;
  const path = `/v1/webhook_endpoints/${endpoint.id}`;
  const enable = (enabled: boolean) => () =>
    run('enable', async () => {
      await client.post(path, { enabled });
      changed();
    });
  const rotate = (): void =>
    run('rotate', async () => {
      const body = { keep_old_secret_active_for_24_hours: keep };
      const answer = await client.post<{ signing_secret: string }>(`${path}/rotate_secret`, body);
      showSecret(answer.signing_secret);
      changed();
    });
  const remove = (): void =>
    run('remove', async () => {
      await client.delete(path);
      go(paths.webhooks);
    });
  return (
    <>
      {endpoint.enabled ? (
        <Sure
          words={words.disable}
          question={words.disableSure}
          yes={words.disable}
          busy={busy !== null}
          act={enable(false)}
          kind=""
        />
      ) : (
        <button type="button" className="main" disabled={busy !== null} onClick={enable(true)}>
          {words.enable}
        </button>
      )}
      <Sure
        words={words.rotate}
        question={words.rotateSure}
        yes={words.rotateYes}
        busy={busy !== null}
        act={rotate}
        kind=""
      >
        <label className="check">
          <input type="checkbox" checked={keep} onChange={({ target }) => setKeep(target.checked)} />
          <span>{words.rotateKeep}</span>
        </label>
      </Sure>
      <Sure words={words.remove} question={words.removeSure} yes={words.removeYes} busy={busy !== null} act={remove} />
      <Problem message={problem} />
    </>
  );
}

/** A signed event now, and how the receiver took it. */
export function TestEvent({ endpoint }: { readonly endpoint: Endpoint }) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const [type, setType] = useState(endpoint.event_types[0] ?? '');
  const [taken, setTaken] = useState<string | null>(null);
  const words = text.webhooks;
  const send = (): void => {
    setTaken(null);
    run('test', async () => {
      const path = `/v1/webhook_endpoints/${endpoint.id}/test`;
      const { status_code } = await client.post<{ status_code: number | null }>(path, { event_type: type });
      setTaken(words.testTaken(String(status_code ?? words.noAnswer)));
    });
  };
  return (
    <section>
      <h2>{words.test}</h2>
      <div className="together ends">
        <Choice label={words.testType} values={endpoint.event_types} value={type} change={setType} />
        <button type="button" disabled={busy !== null} onClick={send}>
          {words.testSend}
        </button>
      </div>
      <Done message={taken} />
      <Problem message={problem} />
    </section>
  );
}

/** An hour ago, as the field writes it: in the time of the place. */
function anHourAgo(): string {
  const then = new Date(Date.now() - 3_600_000);
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function Recover({ endpoint, changed }: Props) {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const [since, setSince] = useState(anHourAgo);
  const [done, setDone] = useState<string | null>(null);
  const words = text.webhooks;
  const recover = (): void =>
    run('recover', async () => {
      const path = `/v1/webhook_endpoints/${endpoint.id}/deliveries/recover`;
      const body = { since: Math.floor(new Date(since).getTime() / 1_000) };
      const { deliveries } = await client.post<{ deliveries: number }>(path, body);
      setDone(words.recovered(deliveries));
      changed();
    });
  return (
    <section>
      <h2>{words.recover}</h2>
      <p className="quiet">{words.recoverText}</p>
      <div className="together ends">
        <Field label={words.since} value={since} change={setSince} type="datetime-local" required />
        <button type="button" disabled={busy !== null || since === '' || !endpoint.enabled} onClick={recover}>
          {words.recoverGo}
        </button>
      </div>
      <Done message={done} />
      <Problem message={problem} />
    </section>
  );
}
