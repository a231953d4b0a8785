import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Client } from './api/client';
import { poll, problemOf } from './api/poll';
import { forgetKey, handedKey, held as heldKey, keepKey, keptKey } from './api/session';
import type { CurrentKey } from './api/types';
import { BatchPage } from './pages/batch';
import { Batches } from './pages/batches';
import { EndpointPage } from './pages/endpoint';
import { Frame } from './pages/frame';
import { JobPage } from './pages/job';
import { Jobs } from './pages/jobs';
import { KeyEntry } from './pages/key-entry';
import { Keys } from './pages/keys';
import { NewBatch } from './pages/new-batch';
import { Providers } from './pages/providers';
import { Usage } from './pages/usage';
import { Webhooks } from './pages/webhooks';
import { Empty, Loading, Problem } from './parts/notice';
import { lackingFor, pageOf, useHash, type Page } from './router';
import { SessionContext, useSession, type Session } from './session';
import { text, useLanguage } from './text';

// Once, before anything renders: the address must not keep the key.
const first = handedKey() ?? keptKey();

export function App() {
  useLanguage();
  const [held, setHeld] = useState(first);
  const [reason, setReason] = useState<string | null>(null);
  const renewing = useRef(false);
  const signOut = useCallback((why?: string) => {
    // What was asked with the old key while it was being changed is refused, and asked again.
    if (why !== undefined && renewing.current) return;
    forgetKey();
    setReason(why ?? null);
    setHeld(null);
  }, []);
  const renew = useCallback<Session['renew']>(async (rotate) => {
    renewing.current = true;
    try {
      const made = await rotate();
      if (made.key === null) renewing.current = false;
      else {
        keepKey(made.key);
        const { key } = made;
        setHeld((before) => before && { ...before, key });
      }
      return made;
    } catch (error) {
      renewing.current = false;
      throw error;
    }
  }, []);
  // By now nothing listens to answers for the old key.
  useEffect(() => {
    renewing.current = false;
  }, [held?.key]);
  // A link with a key, opened where the page is shown already.
  useEffect(() => {
    const look = (): void => setHeld((before) => handedKey() ?? before);
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
  if (!held) {
    const use = (given: string): void => {
      keepKey(given);
      setHeld(heldKey(given, true));
    };
    return <KeyEntry reason={reason} use={use} />;
  }
  const { key, since, hasWorked } = held;
  return <Opened key={since} apiKey={key} hasWorked={hasWorked} signOut={signOut} renew={renew} />;
}

interface OpenedProps extends Pick<Session, 'signOut' | 'renew'> {
  readonly apiKey: string;
  readonly hasWorked: boolean;
}

/** The page with a key: what it may do decides what is shown. */
function Opened({ apiKey, hasWorked, signOut, renew }: OpenedProps) {
  const [me, setMe] = useState<CurrentKey | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const isOpened = useRef(hasWorked);
  const inUse = useRef<string | null>(apiKey);
  const client = useMemo(() => {
    // An answer to what another key had asked says nothing about the one that is used now.
    const refused = (): void => {
      if (inUse.current === apiKey) signOut(isOpened.current ? text.key.ended : text.key.refused);
    };
    return new Client(apiKey, refused);
  }, [apiKey, signOut]);
  useEffect(() => {
    inUse.current = apiKey;
    return () => {
      inUse.current = null;
    };
  }, [apiKey]);
  useEffect(() => {
    const ask = async (signal: AbortSignal): Promise<null> => {
      setMe(await client.get<CurrentKey>('/v1/api_keys/current', signal));
      isOpened.current = true;
      setProblem(null);
      return null;
    };
    return poll(ask, (error) => setProblem(problemOf(error)));
  }, [client, round]);

  const session = useMemo(() => me && { client, me, signOut, renew }, [client, me, signOut, renew]);
  const page = usePage(me);
  const title = titleOf(page);
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
  if (!session) {
    return (
      <main className="entry">
        {problem === null ? <Loading>{text.key.moment}</Loading> : null}
        <Problem message={problem} again={() => setRound((before) => before + 1)} />
      </main>
    );
  }
  return (
    <SessionContext value={session}>
      <Frame page={page}>
        <Allowed page={page} />
      </Frame>
    </SessionContext>
  );
}

const firsts = ['batches', 'jobs', 'webhooks', 'usage', 'keys', 'providers'] as const;

/** The page of the address; where it names none, the first that the key may see. */
function usePage(me: CurrentKey | null): Page {
  const named = pageOf(useHash());
  if (named) return named;
  return { name: firsts.find((name) => lackingFor(name, me?.scopes ?? []).length === 0) ?? 'batches' };
}

function titleOf({ name }: Page): string {
  if (name === 'batch') return text.nav.batches;
  if (name === 'job') return text.nav.jobs;
  if (name === 'endpoint') return text.nav.webhooks;
  return name === 'none' ? text.product : text.nav[name];
}

function Allowed({ page }: { readonly page: Page }) {
  const { me } = useSession();
  const lacking = lackingFor(page.name, me.scopes);
  if (lacking.length === 0) return <Shown page={page} />;
  const { and, or } = text.access;
  const names = lacking.map((enough) => enough.map((scope) => `“${scope}”`).join(or)).join(and);
  return (
    <Empty title={text.access.title}>
      <p>{text.access.text(names)}</p>
    </Empty>
  );
}

function Shown({ page }: { readonly page: Page }) {
  if (page.name === 'batch') return <BatchPage key={page.id} id={page.id} />;
  if (page.name === 'job') return <JobPage key={page.id} id={page.id} />;
  if (page.name === 'endpoint') return <EndpointPage key={page.id} id={page.id} />;
  if (page.name === 'jobs') return <Jobs />;
  if (page.name === 'new') return <NewBatch />;
  if (page.name === 'providers') return <Providers />;
  if (page.name === 'webhooks') return <Webhooks />;
  if (page.name === 'keys') return <Keys />;
  if (page.name === 'usage') return <Usage />;
  if (page.name === 'batches') return <Batches />;
  return (
    <Empty>
      <p>{text.error.unknownPage}</p>
    </Empty>
  );
}
