import type { Limits, List, Provider } from '../api/types';
import { count, duration, usd, when } from '../format';
import { Empty, Fact, Loading, Problem, Title } from '../parts/notice';
import { Status } from '../parts/status';
import { text } from '../text';
import type { Text } from '../text/en';
import { useAsk } from '../use-ask';

/** Each account: whether it serves, how much of its limits is used, what it cost today. */
export function Providers() {
  const words = text.providers;
  const { data, problem, again } = useAsk<List<Provider>>('/v1/providers', 3_000);
  return (
    <>
      <Title name={words.title} lead={words.lead} />
      <Problem message={problem} again={again} />
      {!data && !problem && <Loading />}
      {data?.data.length === 0 && (
        <Empty title={words.emptyTitle}>
          <p>{words.empty}</p>
        </Empty>
      )}
      {data?.data.map((provider) => (
        <Account key={provider.id} provider={provider} />
      ))}
    </>
  );
}

function Account({ provider }: { readonly provider: Provider }) {
  const words = text.providers;
  const { billed, unknown } = provider.spend_today;
  const models = provider.models === 'any' ? words.any : provider.models.join(', ');
  return (
    <article className="account">
      <div className="title">
        <div>
          <h2>{provider.id}</h2>
          <p className="quiet">
            {provider.preset === 'simulator' ? words.simulator : provider.name}
            {provider.base_url_host && ` · ${provider.base_url_host}`}
          </p>
        </div>
        <Health provider={provider} />
      </div>
      <dl className="facts">
        <Fact name={words.spend}>
          {usd(billed.cost)}
          {unknown.cost !== null && unknown.cost > 0 && <small>{words.maybe(usd(unknown.cost))}</small>}
          {billed.unpriced > 0 && <small>{words.unpriced(billed.unpriced)}</small>}
        </Fact>
        <Fact name={words.waiting}>{count(provider.waiting_jobs)}</Fact>
        {limitsOf(provider).map((limit) => (
          <Use key={limit.name} {...limit} />
        ))}
      </dl>
      <p className="quiet">
        {words.models}: {models}
      </p>
      {provider.last_error && (
        <p className="quiet">
          {words.lastError}, {when(provider.last_error.at)}: <code>{provider.last_error.code}</code>{' '}
          {provider.last_error.message}
        </p>
      )}
    </article>
  );
}

function Health({ provider: { parked, circuit, cooldown_seconds } }: { readonly provider: Provider }) {
  const words = text.providers;
  if (parked) return <Status kind="failed">{words.parked(reasonOf(parked.reason))}</Status>;
  if (circuit === 'open') return <Status kind="failed">{words.open}</Status>;
  if (circuit === 'half_open') return <Status kind="paused">{words.halfOpen}</Status>;
  if (cooldown_seconds !== null) return <Status kind="paused">{words.cooling(duration(cooldown_seconds))}</Status>;
  return <Status kind="completed">{words.ok}</Status>;
}

/** `code: message`, of which the message is the provider's own and stands below as its last trouble. */
function reasonOf(reason: string): string {
  return text.providers.reason[reason.split(':')[0] ?? ''] ?? reason;
}

interface Limit {
  readonly name: keyof Text['providers']['limits'];
  readonly used: number;
  readonly limit: number;
  readonly configured: number | null;
}

const used = {
  concurrency: 'calls',
  requests_per_minute: 'requests_last_minute',
  images_per_minute: 'images_last_minute',
  requests_per_day: 'requests_today',
  images_per_month: 'images_this_month',
} as const satisfies Record<keyof Limits, keyof Provider['in_use']>;

/** Only what is limited: what is not is not counted either. */
function limitsOf({ limits, configured_limits, in_use }: Provider): Limit[] {
  return (Object.keys(used) as (keyof Limits)[]).flatMap((name) => {
    const limit = limits[name];
    return limit === null ? [] : [{ name, used: in_use[used[name]] ?? 0, limit, configured: configured_limits[name] }];
  });
}

function Use({ name, used: taken, limit, configured }: Limit) {
  const words = text.providers;
  return (
    <Fact name={words.limits[name]}>
      {count(taken)} {words.of} {count(limit)}
      <meter min={0} max={limit} value={Math.min(taken, limit)} aria-label={words.limits[name]} />
      {configured !== null && configured !== limit && <small>{words.learned(count(configured))}</small>}
    </Fact>
  );
}
