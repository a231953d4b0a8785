import { useState } from 'react';
import type { ApiKey } from '../api/types';
import { count, usd, when } from '../format';
import { Field } from '../parts/field';
import { Fact, Problem } from '../parts/notice';
import { Status } from '../parts/status';
import { Sure } from '../parts/sure';
import { useSession } from '../session';
import { text } from '../text';
import { useAction } from '../use-action';

/** A key with itself, as the answer that made it has it; null where it has been rotated since. */
export type MadeKey = ApiKey & { readonly key: string | null };

interface Props {
  readonly apiKey: ApiKey;
  readonly changed: () => void;
  readonly show: (made: MadeKey) => void;
}

export function KeyRow({ apiKey, changed, show }: Props) {
  const { me } = useSession();
  const { facts, previous, own } = text.keys;
  const { name, project, mode, scopes, key_hint, spent, spend_limit, previous_key_expires_at } = apiKey;
  return (
    <article className="account">
      <div className="title">
        <div>
          <h2>{name}</h2>
          <p className="quiet">
            <code>{key_hint}</code> · {project} · {text.access.mode[mode]}
          </p>
          {apiKey.id === me.id && <p className="quiet">{own}</p>}
        </div>
        <KeyState apiKey={apiKey} />
      </div>
      <ul className="tags">
        {scopes.map((scope) => (
          <li key={scope} title={text.keys.scope[scope]}>
            {scope}
          </li>
        ))}
      </ul>
      <dl className="facts">
        <Fact name={facts.spent}>
          {usd(spent)}
          {spend_limit !== null && (
            <>
              {' '}
              {facts.of(usd(spend_limit))}
              <meter min={0} max={spend_limit} value={Math.min(spent, spend_limit)} aria-label={facts.spent} />
            </>
          )}
        </Fact>
        <Fact name={facts.perMinute}>
          {apiKey.requests_per_minute === null ? facts.noLimit : count(apiKey.requests_per_minute)}
        </Fact>
        <Fact name={facts.from}>{apiKey.ip_ranges.length === 0 ? facts.everywhere : apiKey.ip_ranges.join(' ')}</Fact>
        <Fact name={facts.made}>
          {when(apiKey.created_at)}
          {previous_key_expires_at !== null && previous_key_expires_at * 1_000 > Date.now() && (
            <small>{previous(when(previous_key_expires_at))}</small>
          )}
        </Fact>
      </dl>
      <KeyActions apiKey={apiKey} changed={changed} show={show} />
    </article>
  );
}

function KeyState({ apiKey: { expires_at } }: { readonly apiKey: ApiKey }) {
  const words = text.keys;
  if (expires_at !== null && expires_at * 1_000 <= Date.now()) return <Status kind="failed">{words.expired}</Status>;
  return (
    <Status kind="completed">
      {expires_at === null ? words.works : `${words.works} ${words.until(when(expires_at))}`}
    </Status>
  );
}

function KeyActions({ apiKey, changed, show }: Props) {
  const { client, me, renew, signOut } = useSession();
  const { busy, problem, run } = useAction();
  const [hours, setHours] = useState('24');
  const words = text.keys;
  const path = `/v1/api_keys/${apiKey.id}`;
  const isOwn = apiKey.id === me.id;
  const rotate = (): void =>
    run('rotate', async () => {
      const ask = async (): Promise<MadeKey> =>
        client.post<MadeKey>(`${path}/rotate`, { overlap_hours: Number(hours) });
      // Without hours the old key is dead by now: what is asked next has to have the new one.
      show(isOwn ? await renew(ask) : await ask());
    });
  const revoke = (): void =>
    run('revoke', async () => {
      await client.delete(path);
      if (isOwn) signOut(words.revokedOwn);
      else changed();
    });
  return (
    <div className="actions">
      <Sure
        words={words.rotate}
        question={words.rotateSure}
        yes={words.rotateYes}
        busy={busy !== null}
        act={rotate}
        kind=""
      >
        <Field label={words.overlap} value={hours} change={setHours} type="number" min={0} step="any" required />
      </Sure>
      <Sure
        words={words.revoke}
        question={isOwn ? words.revokeOwnSure : words.revokeSure}
        yes={words.revokeYes}
        busy={busy !== null}
        act={revoke}
      />
      <Problem message={problem} />
    </div>
  );
}
