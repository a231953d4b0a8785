import type { Lifecycle } from './lifecycle.js';
import { setTraced } from './tracing.js';

/**
 * Sends traces to OTEL_EXPORTER_OTLP_ENDPOINT, where that is set; the SDK is not even loaded where it is not. The other
 * OTEL_* variables (headers, sampler, resource attributes, limits) are the SDK's own and mean what its documentation says.
 */
export async function startTracing(
  env: { readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined },
  app: 'api' | 'worker',
  lifecycle: Lifecycle,
): Promise<void> {
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return;
  const [
    { context, propagation, trace },
    { AsyncLocalStorageContextManager },
    core,
    resources,
    sdk,
    otlp,
    { BullMQOtel },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('bullmq-otel'),
  ]);
  const named = resources.resourceFromAttributes({ 'service.name': `rendermill-${app}` });
  const detected = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.BasicTracerProvider({
    resource: resources.defaultResource().merge(named).merge(detected),
    spanProcessors: [new sdk.BatchSpanProcessor(new otlp.OTLPTraceExporter())],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  setTraced(new BullMQOtel({ tracerName: 'bullmq' }));
  lifecycle.onClose('tracing', async () => provider.shutdown());
}
