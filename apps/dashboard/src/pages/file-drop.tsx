import { useMemo, useRef, useState, type DragEvent } from 'react';
import type { Upload } from '../catalogue/desk';
import { sampleFile } from '../catalogue/sample';
import type { Source } from '../catalogue/source';
import { percent, size } from '../format';
import { text } from '../text';
import { useNoDropBeside } from '../use-no-drop-beside';

interface Props {
  readonly source: Source | null;
  readonly upload: Upload | null;
  readonly take: (file: File) => void;
  readonly refuse: (problem: string) => void;
}

/** A place to drop a file on; the button does the same by keyboard. */
export function FileDrop({ source, upload, take, refuse }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const words = text.catalogue.file;
  const sample = useMemo(sampleFile, []);
  useNoDropBeside('.drop');

  function drop(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    const [dropped, ...more] = event.dataTransfer.files;
    if (!dropped) return;
    if (more.length > 0) refuse(words.several);
    else take(dropped);
  }

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
        onDrop={drop}
      >
        {upload ? <Uploading upload={upload} /> : <Lying source={source} />}
        {!upload && (
          <div className="together">
            <button type="button" className={source ? '' : 'main'} onClick={() => input.current?.click()}>
              {source ? words.other : words.choose}
            </button>
            {!source && (
              <button type="button" className="plain" onClick={() => take(sample)}>
                {words.sample}
              </button>
            )}
          </div>
        )}
        <input
          ref={input}
          type="file"
          accept=".csv,.tsv,.txt,.jsonl,text/csv"
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

function Lying({ source }: { readonly source: Source | null }) {
  const words = text.catalogue.file;
  return source ? (
    <p>
      <strong>{source.name}</strong> <span className="quiet">{size(source.size)}</span>
    </p>
  ) : (
    <p>
      <strong>{words.drop}</strong>
      <br />
      <span className="quiet">{words.hint}</span>
    </p>
  );
}

function Uploading({ upload }: { readonly upload: Upload }) {
  const words = text.catalogue.file;
  const share = upload.size === 0 ? 0 : Math.min(1, upload.sent / upload.size);
  return (
    <>
      <div className="uploading" role="status">
        <strong>{upload.name}</strong>{' '}
        <span className="quiet">
          {words.uploading} {percent(share)} · {size(upload.size)}
        </span>
        <progress value={share} aria-label={words.uploading} />
      </div>
      <button type="button" onClick={() => upload.abort.abort()}>
        {words.cancel}
      </button>
    </>
  );
}
