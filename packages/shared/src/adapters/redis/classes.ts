import type { RoutingClass } from '../../domain/routing.js';
import type { ScriptRunner } from './scripts.js';

/** The routing classes in use, written with each job: every worker learns from here which ready queues there are. */
export async function routingClasses(scripts: ScriptRunner): Promise<RoutingClass[]> {
  const rows = await scripts.client.hvals(scripts.key('classes'));
  return rows.map((row) => JSON.parse(row) as RoutingClass);
}
