import type { Request } from 'express';
import { z } from 'zod';
import { projectName } from '@rendermill/shared/domain/api-keys';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { linkProject, verifyPath } from '@rendermill/shared/domain/signed-links';
import type { ApiDeps } from '../deps.js';

/** A link that we signed is leave for its one path, without a key, until it expires. */

/** What such a link carries behind its path; a route that takes one names them in its query. */
export const signedQuery = {
  expires: z.string().optional().describe('Of a link that was handed out: when it ends, in unix seconds.'),
  signature: z.string().optional().describe('Likewise: the signature.'),
  project: projectName.optional().describe('Likewise: the project, where it is not `default`.'),
};

const carried = z.object({ expires: z.string(), signature: z.string(), project: z.string().optional() });

/** The project of the link, or null where the address carries no signature. */
export function projectBySignature(deps: Pick<ApiDeps, 'settings'>, request: Request): string | null {
  if (!('expires' in request.query || 'signature' in request.query)) return null;
  const link = carried.safeParse(request.query);
  const { secret, previousSecret } = deps.settings;
  const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
  const now = Math.floor(Date.now() / 1_000);
  if (link.success) {
    const { expires, signature } = link.data;
    const project = linkProject(link.data.project);
    if (verifyPath(secrets, { path: request.path, project }, expires, signature, now)) return project;
  }
  const message = 'The link has expired or is damaged: ask again, with your API key, for a fresh one.';
  throw new RendermillError('invalid_api_key', message);
}
