import type { ApiKey, List } from '../api/types';
import { MakingHead, useMaking } from '../parts/making';
import { Pager, usePaging } from '../parts/pager';
import { text } from '../text';
import { useAsk } from '../use-ask';
import { KeyForm } from './key-form';
import { KeyRow, type MadeKey } from './key-row';

/** Who may ask, for what, how often and for how much. */
export function Keys() {
  const paging = usePaging();
  const list = useAsk<List<ApiKey>>(`/v1/api_keys?limit=50${paging.after}`, 10_000);
  const making = useMaking<MadeKey>();
  const show = (key: MadeKey): void => {
    making.show(key);
    list.again();
  };
  return (
    <>
      <MakingHead
        words={text.keys}
        making={making}
        secretOf={({ key }) => key}
        asked={list}
        isEmpty={list.data?.data.length === 0 && paging.number === 1}
      >
        <KeyForm cancel={making.cancel} done={show} />
      </MakingHead>
      {list.data?.data.map((key) => (
        <KeyRow key={key.id} apiKey={key} changed={list.again} show={show} />
      ))}
      <Pager paging={paging} list={list.data} />
    </>
  );
}
