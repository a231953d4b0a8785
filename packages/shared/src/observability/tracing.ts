import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api';
import type { Telemetry } from 'bullmq';

/**
 * Traces, by OpenTelemetry's API alone: without an SDK (`start-tracing.ts`) every call here comes to nothing. What crosses
 * a queue is a W3C traceparent in the job's specification, so that it survives crashes and new queue entries.
 */
const tracer = trace.getTracer('rendermill');

const state: { telemetry: Telemetry | null } = { telemetry: null };

/** True where an SDK was started: what costs a look into Redis is done for traces only then. */
export function isTraced(): boolean {
  return state.telemetry !== null;
}

/** From now on there is somebody who traces; `telemetry` is how BullMQ tells its own spans. */
export function setTraced(telemetry: Telemetry): void {
  state.telemetry = telemetry;
}

/** For the options of BullMQ's queues and workers. */
export function queueTelemetry(): { readonly telemetry?: Telemetry } {
  return state.telemetry === null ? {} : { telemetry: state.telemetry };
}

export type { Span } from '@opentelemetry/api';

export const spanKind = {
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Of a span that puts something on a queue, and of one that takes it from there. */
export const sendAttributes = (queue: string) => ({ ...messaging(queue), 'messaging.operation.type': 'send' });
export const processAttributes = (queue: string) => ({ ...messaging(queue), 'messaging.operation.type': 'process' });
const messaging = (queue: string) => ({ 'messaging.system': 'bullmq', 'messaging.destination.name': queue });

/** Runs work inside a span; what it throws marks the span and goes on. */
export async function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
  parent: Context = context.active(),
): Promise<T> {
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      failed(span, error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The span of a request, which ends elsewhere than it began. `end` takes the name that is known by then, and the status. */
export function beginServerSpan(name: string, headers: Readonly<Record<string, unknown>>, attributes: Attributes) {
  const parent = contextOf(headers);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  return {
    run: (work: () => void): void => context.with(trace.setSpan(parent, span), work),
    end: (named: string, status: number, more: Attributes): void => {
      span.updateName(named).setAttributes({ ...more, 'http.response.status_code': status });
      if (status >= 500) failed(span, `answered ${status}`);
      span.end();
    },
  };
}

/** Marks a span as failed, with a reason for people. */
export function failed(span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** The W3C traceparent of the work at hand, or undefined where nobody traces. */
export function traceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/** The same as a field of what is kept: nothing where nobody traces. */
export function traceField(): { readonly trace?: string } {
  const kept = traceparent();
  return kept === undefined ? {} : { trace: kept };
}

/** The context that a request's headers, or what was kept of one, continue. */
export function contextOf(carrier: Readonly<Record<string, unknown>>): Context {
  return propagation.extract(context.active(), carrier);
}

/** Where a job's work belongs: in its request's trace; of a batch's line in one of its own, linked to its batch's. */
export function traceOf({ trace: kept, line }: { readonly trace?: string; readonly line?: unknown }): {
  readonly parent: Context;
  readonly links: NonNullable<SpanOptions['links']>;
} {
  const found = kept === undefined ? context.active() : contextOf({ traceparent: kept });
  if (line === undefined) return { parent: found, links: [] };
  const linked = kept === undefined ? undefined : trace.getSpanContext(found);
  return { parent: trace.deleteSpan(context.active()), links: linked ? [{ context: linked }] : [] };
}

/** The id of the trace at hand, for log lines; undefined where nobody traces. */
export function traceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}
