/** An OpenAI-compatible image provider that runs inside a test, a demo or a benchmark. */
export { startSimulator, type Simulator } from './simulator.js';
export type { Latency, SimulatorOptions } from './options.js';
export type { AnswerStyle } from './answers/items.js';
export type { LedgerEntry, LedgerInput } from './books/ledger.js';
export type { Limits } from './books/limits.js';
export type { Stats } from './books/stats.js';
export { openaiPrices, type ImagePrice, type PriceList, type TokenPrice } from './catalogue/prices.js';
export { faultFacts, type FaultFact } from './faults/facts.js';
export type { FaultInput, FaultKind } from './faults/kinds.js';
export type { FaultRule } from './faults/rules.js';
export type { ImageMode } from './images/studio.js';
export type { ImageRequest, Strictness } from './requests/image-request.js';
