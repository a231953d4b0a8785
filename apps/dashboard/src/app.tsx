import { useCallback, useEffect, useMemo, useState } from 'react';
import { Client } from './api/client';
import { forgetKey, keepKey, takeKey } from './api/session';
import { BatchPage } from './pages/batch';
import { Batches } from './pages/batches';
import { Frame } from './pages/frame';
import { JobPage } from './pages/job';
import { KeyEntry } from './pages/key-entry';
import { NewBatch } from './pages/new-batch';
import { Providers } from './pages/providers';
import { pageOf, useHash, type Page } from './router';
import { SessionContext } from './session';
import { text } from './text';

// Once, before anything renders: the address must not keep the key.
const handedOver = takeKey();

export function App() {
  const [key, setKey] = useState(handedOver);
  const [reason, setReason] = useState<string | null>(null);
  const page = pageOf(useHash());
  const signOut = useCallback((why?: string) => {
    forgetKey();
    setReason(why ?? null);
    setKey(null);
  }, []);
  const session = useMemo(() => (key === null ? null : { client: new Client(key), signOut }), [key, signOut]);
  const title = page.name === 'new' ? text.nav.new : page.name === 'providers' ? text.nav.providers : text.nav.batches;
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);

  if (!session) {
    const use = (given: string): void => {
      keepKey(given);
      setKey(given);
    };
    return <KeyEntry reason={reason} use={use} />;
  }
  return (
    <SessionContext value={session}>
      <Frame page={page}>
        <Shown page={page} />
      </Frame>
    </SessionContext>
  );
}

function Shown({ page }: { readonly page: Page }) {
  if (page.name === 'batch') return <BatchPage key={page.id} id={page.id} />;
  if (page.name === 'job') return <JobPage key={page.id} id={page.id} />;
  if (page.name === 'new') return <NewBatch />;
  if (page.name === 'providers') return <Providers />;
  return <Batches />;
}
