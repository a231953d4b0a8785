import { isChatCompletionBody, LLMock, type JournalEntry } from '@copilotkit/aimock';
import { filesOf, wayTo } from './outside-way.js';
import type { Row } from './outside-rows.js';

/**
 * A provider simulator that this project did not write, taught a table of rows. Its journal is the book that ours is
 * compared with: a call that it answered with 200 is charged, whether or not the answer arrived.
 */
export interface OutsideServer {
  /** Base URL of the account that meets this row. */
  readonly urlOf: (row: Row) => string;
  readonly callsOf: (row: Row) => JournalEntry[];
  readonly close: () => Promise<void>;
}

/** As a prompt, by which the server knows the row. */
export const promptOf = ({ name }: Row): string => `a mug, ${name}`;

export async function startOutsideServer(rows: readonly Row[], picture: Buffer): Promise<OutsideServer> {
  const mock = new LLMock({ port: 0, logLevel: 'silent' });
  for (const row of rows) {
    const match = { endpoint: 'image' as const, userMessage: exactly(promptOf(row)) };
    for (const [i, answer] of row.answers.entries()) {
      const isLast = i === row.answers.length - 1;
      mock.on(isLast ? match : { ...match, sequenceIndex: i }, () => answer({ origin: mock.url, picture }));
    }
  }
  mock.mount(
    '/way',
    wayTo(rows, () => mock.url),
  );
  mock.mount('/files', filesOf(picture));
  await mock.start();
  return {
    urlOf: (row) => (row.way ? `${mock.url}/way/${rows.indexOf(row)}/v1` : `${mock.url}/v1`),
    callsOf: (row) =>
      mock
        .getRequests()
        .filter(({ body }) => isChatCompletionBody(body) && body.messages.at(-1)?.content === promptOf(row)),
    close: async () => mock.stop(),
  };
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`);
}
