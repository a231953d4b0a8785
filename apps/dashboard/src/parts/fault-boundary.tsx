import { Component, type ReactNode } from 'react';
import { messageOf } from '../api/client';
import { text } from '../text';

interface State {
  readonly fault: string | null;
}

/** A fault of the page's own would leave an empty screen: it is said, with the way on. */
export class FaultBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { fault: null };

  static getDerivedStateFromError(error: unknown): State {
    return { fault: messageOf(error) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    const words = text.error;
    return (
      <main className="entry" role="alert">
        <h1>{words.stopped}</h1>
        <p className="lead">{words.stoppedText}</p>
        <p>
          <code>{fault}</code>
        </p>
        <button type="button" className="main" onClick={() => window.location.reload()}>
          {words.reload}
        </button>
      </main>
    );
  }
}
