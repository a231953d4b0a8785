import { useState } from 'react';
import type { ApiKey, List } from '../api/types';
import { Empty, Loading, Problem, Title } from '../parts/notice';
import { Pager, usePaging } from '../parts/pager';
import { Secret } from '../parts/secret';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { KeyForm } from './key-form';
import { KeyRow, type MadeKey } from './key-row';

/** Who may ask, for what, how often and for how much. */
export function Keys() {
  const paging = usePaging();
  const list = useAsk<List<ApiKey>>(`/v1/api_keys?limit=50${paging.after}`, 10_000);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<MadeKey | null>(null);
  const words = text.keys;
  const isEmpty = list.data?.data.length === 0 && paging.number === 1;
  const show = (key: MadeKey): void => {
    setAdding(false);
    setMade(key);
    list.again();
    window.scrollTo(0, 0);
  };
  return (
    <>
      <Title name={words.title} lead={words.lead}>
        {!adding && !isEmpty && (
          <button type="button" className="main" onClick={() => setAdding(true)}>
            {words.add}
          </button>
        )}
      </Title>
      {made?.key != null && (
        <Secret
          title={`${words.secretTitle}: ${made.name}`}
          value={made.key}
          hint={words.secretOnce}
          close={() => setMade(null)}
        />
      )}
      {adding && <KeyForm cancel={() => setAdding(false)} done={show} />}
      <Problem message={list.problem} again={list.again} />
      {!list.data && !list.problem && <Loading />}
      {isEmpty && !adding && (
        <Empty title={words.emptyTitle}>
          <p>{words.empty}</p>
          <button type="button" className="main" onClick={() => setAdding(true)}>
            {words.add}
          </button>
        </Empty>
      )}
      {list.data?.data.map((key) => (
        <KeyRow key={key.id} apiKey={key} changed={list.again} show={show} />
      ))}
      <Pager paging={paging} list={list.data} />
    </>
  );
}
