/**
 * What each parameter does to the picture: which of them may be left out where a provider turns out not to know it.
 * Data, so that the same rule holds for what is asked, what is learned and what a probe finds out.
 */
interface ParameterRow {
  /**
   * `always`: the picture that is asked for is the same without it (how it is packed, who asked, how strict the filter
   * is). A list: only where it says what a provider does anyway. An empty list: never, it would be another picture.
   */
  readonly leaveOut: 'always' | readonly unknown[];
}

/** The parameters of a request that go to a provider, in the order in which OpenAI's documents name them. */
const passedOnRows = {
  size: { leaveOut: ['auto'] },
  quality: { leaveOut: ['auto'] },
  background: { leaveOut: ['auto'] },
  output_format: { leaveOut: ['png'] },
  output_compression: { leaveOut: 'always' },
  moderation: { leaveOut: 'always' },
  style: { leaveOut: [] },
  input_fidelity: { leaveOut: ['low'] },
  user: { leaveOut: 'always' },
  safety_identifier: { leaveOut: 'always' },
  complexity: { leaveOut: [] },
  frame_count: { leaveOut: [] },
  frame_duration_ms: { leaveOut: [] },
  svg: { leaveOut: [] },
  effort: { leaveOut: 'always' },
} as const satisfies Record<string, ParameterRow>;

/** Those that we add ourselves, by our own name for them. */
const ownRows = {
  n: { leaveOut: [1] },
  response_format: { leaveOut: 'always' },
  partial_images: { leaveOut: 'always' },
} as const satisfies Record<string, ParameterRow>;

export type PassedOn = keyof typeof passedOnRows;
export type ParameterName = PassedOn | keyof typeof ownRows;

export const passedOn = Object.keys(passedOnRows) as readonly PassedOn[];
export const parameterNames = [...passedOn, ...Object.keys(ownRows)] as readonly ParameterName[];

const rows: Readonly<Record<string, ParameterRow>> = { ...passedOnRows, ...ownRows };

/** True where a request without this parameter asks for the same picture. */
export function mayLeaveOut(name: string, value: unknown): boolean {
  const leaveOut = rows[name]?.leaveOut ?? [];
  return leaveOut === 'always' || leaveOut.includes(value);
}
