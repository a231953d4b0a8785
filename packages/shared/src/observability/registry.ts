import { Registry, collectDefaultMetrics } from 'prom-client';

/** Gauges whose names end as counters do: Prometheus's own lint refuses them, and the gauges by type say the same. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A process's metrics, with those of Node.js: CPU, memory, garbage collection, event-loop lag. */
export function newRegistry(app: 'api' | 'worker'): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}
