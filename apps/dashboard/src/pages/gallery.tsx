import { useEffect, useRef, useState, type FocusEvent } from 'react';
import type { Batch } from '../api/types';
import type { LineFilter, Range } from '../line-pages';
import { Empty, Loading, Problem } from '../parts/notice';
import { isJobStatus } from '../parts/status';
import { useParameter } from '../router';
import { language, text } from '../text';
import { useGridKeys } from '../use-grid-keys';
import { useLines } from '../use-lines';
import { useWindow } from '../use-window';
import { GalleryTools } from './gallery-tools';
import { Tile } from './tile';
import { Viewer } from './viewer';

const tile = { least: 152, gap: 16, caption: 44 };
/** Browsers draw no page taller than some ten million pixels: beyond so many lines they are shown in stretches. */
const stretch = 20_000;
/** Read ahead of the view, so that a scroll finds its lines there. */
const ahead = 60;

/** A batch's lines as pictures. Only tiles near the view exist, and only their lines are read. */
export function Gallery({ batch }: { readonly batch: Batch }) {
  const [status, setStatus] = useParameter('status');
  const filter: LineFilter = isJobStatus(status) ? status : 'all';
  const [came, setPlace] = useParameter('place');
  const [base, setBase] = useState(0);
  const [viewed, setViewed] = useState<number | null>(null);
  /** The place of the tile that has the focus: it stays drawn, or the focus would be lost with it. */
  const [focused, setFocused] = useState<number | null>(null);
  const grid = useRef<HTMLUListElement>(null);
  const { columns, first, inView, end, rowHeight } = useWindow(grid, tile);
  const [from, to] = [base + first * columns, base + end * columns];
  const wanted: Range[] = [[from, to + ahead]];
  if (viewed !== null) wanted.unshift([viewed - 1, viewed + 2]);
  const lines = useLines(batch, filter, wanted);
  const shown = Math.max(0, Math.min(stretch, lines.total - base));
  const rows = Math.ceil(shown / columns);
  const keys = useGridKeys(grid, { columns, count: shown, base, rowHeight });

  const choose = (next: LineFilter): void => {
    setStatus(next === 'all' ? null : next);
    setPlace(null);
    setBase(0);
  };
  /** In whatever stretch. */
  const goTo = (place: number, total = lines.total): void => {
    const target = Math.max(0, Math.min(total - 1, place));
    setBase(Math.floor(target / stretch) * stretch);
    keys.goTo(target);
  };
  // Who comes back finds the line that was left; once, and then the place is theirs.
  const isBack = useRef(false);
  useEffect(() => {
    if (isBack.current || lines.total === 0) return;
    isBack.current = true;
    const place = Number(came ?? Number.NaN);
    if (Number.isInteger(place)) goTo(place - 1);
  });
  const leave = (place: number): void => setPlace(String(place + 1));
  const lostFocus = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    // Another window has it now, and gives it back.
    if (document.hasFocus() && !currentTarget.contains(relatedTarget)) setFocused(null);
  };
  const column = `calc((100% - ${(columns - 1) * tile.gap}px) / ${columns})`;
  const last = base + shown;
  const places = Array.from({ length: Math.max(0, Math.min(to, last) - from) }, (_, i) => from + i);
  const isHeld = focused !== null && focused >= base && focused < last;
  if (isHeld && (focused < from || focused >= to)) places.push(focused);
  const tabStop = isHeld ? focused : Math.min(last - 1, base + inView * columns);
  return (
    <>
      <GalleryTools
        batch={batch}
        filter={filter}
        choose={choose}
        lines={lines}
        base={base}
        stretch={stretch}
        goTo={goTo}
        found={(place) => {
          choose('all');
          goTo(place, batch.request_counts.total);
        }}
      />
      <Problem message={lines.problem} again={lines.again} />
      {!lines.isRead && !lines.problem && lines.total === 0 && <Loading />}
      {lines.isRead && lines.total === 0 && (
        <Empty>
          <p>{filter === 'all' ? text.gallery.none : text.gallery.empty}</p>
        </Empty>
      )}
      <ul
        ref={grid}
        className="gallery"
        onKeyDown={keys.onKeyDown}
        onClickCapture={({ target }) => {
          const place = target instanceof Element && target.closest<HTMLElement>('[data-place]')?.dataset['place'];
          if (place) leave(Number(place));
        }}
        onFocus={({ target }) => setFocused(placeOf(target))}
        onBlur={lostFocus}
        style={{ height: Math.max(0, rows * rowHeight - tile.gap) }}
      >
        {places.map((place) => (
          <li
            key={place}
            aria-setsize={lines.total}
            aria-posinset={place + 1}
            style={{
              top: Math.floor((place - base) / columns) * rowHeight,
              left: `calc((${column} + ${tile.gap}px) * ${(place - base) % columns})`,
              width: column,
            }}
          >
            <Tile
              job={lines.at(place)}
              place={place}
              isTabStop={place === tabStop}
              open={setViewed}
              reload={lines.reload}
              language={language}
            />
          </li>
        ))}
      </ul>
      {viewed !== null && (
        <Viewer
          job={lines.at(viewed)}
          among={{
            place: viewed,
            total: lines.total,
            move: (by) => {
              const next = Math.max(0, Math.min(lines.total - 1, viewed + by));
              setViewed(next);
              leave(next);
            },
          }}
          details
          reload={() => lines.reload(viewed)}
          close={() => {
            setViewed(null);
            goTo(viewed);
          }}
        />
      )}
      {lines.total > 0 && <p className="quiet hint">{`${text.gallery.count(lines.total)} · ${text.gallery.hint}`}</p>}
    </>
  );
}

function placeOf(element: Element): number | null {
  const place = element.closest<HTMLElement>('[data-place]')?.dataset['place'];
  return place === undefined ? null : Number(place);
}
