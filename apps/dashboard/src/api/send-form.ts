export interface Watch {
  readonly signal: AbortSignal;
  /** Bytes that have left. */
  readonly progress: (sent: number) => void;
}

/** A form by XMLHttpRequest: `fetch` does not tell how much of it has left. Null: the server was not reached. */
export async function sendForm(path: string, form: FormData, key: string, watch: Watch): Promise<Response | null> {
  const { signal, progress } = watch;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    request.open('POST', path);
    request.setRequestHeader('authorization', `Bearer ${key}`);
    request.upload.addEventListener('progress', ({ loaded }) => progress(loaded));
    request.addEventListener('load', () => {
      const headers = { 'content-type': request.getResponseHeader('content-type') ?? '' };
      resolve(new Response(request.responseText, { status: request.status, headers }));
    });
    request.addEventListener('error', () => resolve(null));
    request.addEventListener('abort', () => reject(new DOMException('The upload was cancelled.', 'AbortError')));
    request.addEventListener('loadend', () => signal.removeEventListener('abort', stop));
    signal.addEventListener('abort', stop);
    request.send(form);
  });
}
