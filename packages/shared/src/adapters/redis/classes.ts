import type { RoutingClass } from '../../domain/routing-class.js';
import type { ScriptRunner } from './scripts.js';

type Earlier = Omit<RoutingClass, 'ranks' | 'model'> & Partial<Pick<RoutingClass, 'ranks' | 'model'>>;

/** The routing classes in use, written with each job: every worker learns from here which ready queues there are. */
export async function routingClasses(scripts: ScriptRunner): Promise<RoutingClass[]> {
  const rows = await scripts.client.hvals(scripts.key('classes'));
  // Those of jobs from before there were ranks and models have neither.
  return rows.map((row) => {
    const { ranks = null, model = null, ...rest } = JSON.parse(row) as Earlier;
    return { ...rest, ranks, model };
  });
}
