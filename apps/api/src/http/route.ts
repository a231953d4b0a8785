import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Scope } from '@rendermill/shared/domain/api-keys';
import type { ApiDeps, Caller } from '../deps.js';

/** Who may use a route: whoever has a key with this scope or with one of these, with any key, or anybody. */
export type Access = Scope | readonly Scope[] | 'any' | 'open';

/** What a look at batches and their files takes: who orders them may look, and who may only look at jobs too. */
export const batchReaders: readonly Scope[] = ['jobs:read', 'batches'];
export const fileReaders: readonly Scope[] = ['jobs:read', 'files'];

/** The scopes of which one is enough; empty: any key is, or none is needed. */
export function scopesFor(access: Access): readonly Scope[] {
  if (access === 'any' || access === 'open') return [];
  return typeof access === 'string' ? [access] : access;
}

/** One route: what serves it and what the OpenAPI document says of it stand together, so that neither drifts. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  /** OpenAPI's form: `/v1/jobs/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  /** A link that we signed is leave as well as a key with this access: the caller is then its project. */
  readonly signed?: true;
  readonly query?: z.ZodObject;
  /** JSON body; for the document only where `readsBody` is left to the handler. */
  readonly body?: z.ZodType;
  /** No body at all will do. */
  readonly bodyOptional?: true;
  /** Takes multipart too (or only, where there is no JSON body). */
  readonly form?: z.ZodType;
  readonly answers: Readonly<Record<number, Answer>>;
  readonly handle: (context: Context) => Promise<void>;
}

export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: application/json. */
  readonly contentType?: string;
  /** Other types that a request may ask for. */
  readonly orTypes?: readonly string[];
}

/** One request on its way through a handler. */
export interface Context {
  readonly deps: ApiDeps;
  readonly route: Route;
  readonly request: Request;
  readonly response: Response;
  readonly requestId: string;
  /** Who asks; on open routes without a key, nobody. */
  readonly caller: Caller;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the client has gone away before its answer. */
  readonly gone: AbortSignal;
}

export function sendJson(response: Response, status: number, body: unknown): void {
  response.status(status).set('content-type', 'application/json').send(JSON.stringify(body));
}
