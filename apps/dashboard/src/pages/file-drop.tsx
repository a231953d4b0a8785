import { useRef, useState } from 'react';
import { sampleFile } from '../catalogue/sample';
import { size } from '../format';
import { text } from '../text';

interface Props {
  readonly file: File | null;
  readonly columns: number;
  readonly busy: boolean;
  readonly take: (file: File) => void;
}

/** A place to drop a file on; the button does the same by keyboard. */
export function FileDrop({ file, columns, busy, take }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const words = text.catalogue.file;
  return (
    <section>
      <h2>{words.title}</h2>
      <div
        className="drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const [dropped] = event.dataTransfer.files;
          if (dropped && !busy) take(dropped);
        }}
      >
        {file ? (
          <p>
            <strong>{file.name}</strong>{' '}
            <span className="quiet">
              {size(file.size)} · {words.rows(columns)}
            </span>
          </p>
        ) : (
          <p>
            <strong>{words.drop}</strong>
            <br />
            <span className="quiet">{words.hint}</span>
          </p>
        )}
        <div className="together">
          <button type="button" className={file ? '' : 'main'} disabled={busy} onClick={() => input.current?.click()}>
            {busy ? words.uploading : file ? words.other : words.choose}
          </button>
          {!file && (
            <button type="button" className="plain" disabled={busy} onClick={() => take(sampleFile())}>
              {words.sample}
            </button>
          )}
        </div>
        <input
          ref={input}
          type="file"
          accept=".csv,.tsv,.txt,text/csv"
          aria-label={words.choose}
          hidden
          onChange={({ target }) => {
            const chosen = target.files?.[0];
            // The same file, mended, is chosen again.
            target.value = '';
            if (chosen) take(chosen);
          }}
        />
      </div>
    </section>
  );
}
