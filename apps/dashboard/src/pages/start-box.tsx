import type { Estimate } from '../api/types';
import type { Look } from '../catalogue/look';
import { duration, percent, usd, usdRange } from '../format';
import { Problem } from '../parts/notice';
import { text } from '../text';

interface Props {
  readonly look: Look;
  /** Why it is no longer what was looked at. */
  readonly stale: string | null;
  readonly busy: string | null;
  readonly start: () => void;
}

/** The price, what it may be at most, and the one button that buys; why not, where it does not. */
export function StartBox({ look, stale, busy, start }: Props) {
  const words = text.catalogue.preview;
  const { price, maxCost } = look;
  const why = whyNot(look, stale);
  const name = price.kind === 'unknown' ? words.startUnpriced : words.start;
  return (
    <div className="go">
      {price.kind === 'known' && <Figures estimate={price.estimate} open={openChoices(look)} />}
      {(price.kind === 'unknown' || price.kind === 'refused') && <Problem message={price.message} />}
      <div className="together">
        <button
          type="button"
          className="main large"
          disabled={why !== null || busy !== null}
          aria-describedby="start-terms"
          onClick={start}
        >
          {busy === 'start' ? words.starting : name}
        </button>
        <div id="start-terms">
          <p>{maxCost === null ? words.noMaxCost : words.atMost(usd(maxCost))}</p>
          {price.kind === 'known' && maxCost !== null && maxCost < price.estimate.cost.max && (
            <p className="bad">{words.belowPrice}</p>
          )}
          {why !== null && <p className="bad">{why}</p>}
        </div>
      </div>
    </div>
  );
}

function whyNot({ price, source, draft }: Look, stale: string | null): string | null {
  const words = text.catalogue.preview;
  if (stale !== null) return stale;
  if (price.kind === 'no_rows')
    return source.kind === 'csv' && draft.fields.when.trim() !== '' ? words.noneFits : words.noRows;
  if (price.kind === 'refused') return words.refused;
  if (price.kind === 'known' && price.estimate.invalid_lines.count >= price.estimate.lines) return words.allInvalid;
  return null;
}

/** What is left to the provider: it is counted at its dearest. */
function openChoices({ source, body }: Look): ('size' | 'quality')[] {
  if (source.kind !== 'csv') return [];
  const template = body['template'] as Readonly<Record<string, string>>;
  return (['size', 'quality'] as const).filter((field) => (template[field] ?? 'auto') === 'auto');
}

interface FiguresProps {
  readonly estimate: Estimate;
  readonly open: readonly ('size' | 'quality')[];
}

function Figures({ estimate: { cost, lines, images, sample, seconds }, open }: FiguresProps) {
  const words = text.catalogue.preview;
  const whole = usdRange(cost.min, cost.max);
  const [one, other] = open.map((field) => text.catalogue.template[field]);
  const each = images > 0 ? ` · ${words.each(usdRange(cost.min / images, cost.max / images))}` : '';
  return (
    <div className="price">
      <p className="quiet">{words.price}</p>
      <p className="large">{open.length > 0 ? words.upTo(whole) : whole}</p>
      <p>
        {words.lines(lines, images)}
        {each}
        {seconds !== null && ` · ${words.time(duration(seconds))}`}
      </p>
      {one !== undefined && (
        <p className="quiet">{other === undefined ? words.dearest(one) : words.dearestBoth(one, other)}</p>
      )}
      {sample && <p className="quiet">{words.sample(percent(sample.share))}</p>}
    </div>
  );
}
