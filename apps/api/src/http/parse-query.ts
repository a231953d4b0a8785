import type { Request } from 'express';
import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { parseBody } from '@rendermill/shared/domain/request-body';
import type { Route } from './route.js';

const none = z.strictObject({});

/** The query by the route's schema: what it does not name, or names once and finds twice, is an error. */
export function parseQuery(route: Route, request: Request): Record<string, unknown> {
  for (const [name, value] of Object.entries(request.query)) {
    if (Array.isArray(value))
      throw new RendermillError('duplicate_parameter', `${name} is there twice.`, { param: name });
  }
  return parseBody(route.query ?? none, { ...request.query });
}
