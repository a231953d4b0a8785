import type { Draft } from '../catalogue/draft';
import type { Column } from '../catalogue/head';
import { styles, type Style } from '../catalogue/style';
import { fits } from '../catalogue/suggestion';
import { text } from '../text';

interface Props {
  readonly draft: Draft;
  readonly columns: readonly Column[];
  readonly choose: (style: Style | number) => void;
}

/** What the pictures are to be: a style, or words of one's own, which are kept whatever is chosen. */
export function StyleChoice({ draft, columns, choose }: Props) {
  const words = text.catalogue.styles;
  const option = (style: Style | number, name: string, hint: string, isFit = true) => (
    <label key={style} className="style">
      <input
        type="radio"
        name="style"
        checked={draft.style === style}
        disabled={!isFit}
        onChange={() => choose(style)}
      />
      <span>
        {name}
        <small>{hint}</small>
      </span>
    </label>
  );
  return (
    <fieldset className="styles">
      <legend>{words.title}</legend>
      {styles.map((style) => {
        const isFit = fits(style, columns);
        const { name, hint } = words.of[style];
        return option(style, name, isFit ? hint : words.noPictures, isFit);
      })}
      {draft.own.map(({ prompt }, at) => option(at, words.own(at + 1), prompt.trim().slice(0, 60) || words.ownHint))}
      {draft.own.length === 0 && option(0, words.own(1), words.ownHint)}
    </fieldset>
  );
}
