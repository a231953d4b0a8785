import { useState, type CSSProperties } from 'react';
import { text } from '../text';

interface Props {
  readonly before: string;
  readonly after: string;
  readonly image: { readonly width: number; readonly height: number };
  readonly label: string;
}

/** Two pictures in one place: what is left of the line is as it was before. */
export function Compare({ before, after, image, label }: Props) {
  const [share, setShare] = useState(50);
  const ratio = { '--ratio': image.width / image.height } as CSSProperties;
  return (
    <div className="compare" style={ratio}>
      <img src={after} alt={text.job.after} />
      <img src={before} alt={text.job.before} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }} />
      <i className="divide" style={{ left: `${share}%` }} aria-hidden="true" />
      <span className="side">{text.job.before}</span>
      <span className="side other">{text.job.after}</span>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label={label}
        onChange={({ target }) => setShare(Number(target.value))}
      />
    </div>
  );
}
