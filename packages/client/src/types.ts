import type { components, paths } from './api.js';

/** Names for what the OpenAPI document describes. */

type Schemas = components['schemas'];
export type Job = Schemas['Job'];
export type Batch = Schemas['Batch'];
/** A line that has ended. */
export type BatchResult = Schemas['BatchResult'];
export type BatchPreview = Schemas['BatchPreview'];
export type Estimate = Schemas['Estimate'];
export type StoredFile = Schemas['StoredFile'];
export type Provider = Schemas['Provider'];
export type WebhookEndpoint = Schemas['WebhookEndpoint'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type WebhookEvent = Schemas['Event'];
export type ApiKey = Schemas['ApiKey'];
export type CreateJob = Schemas['CreateJob'];
export type CreateBatch = Schemas['CreateBatch'];
export type CreateApiKey = Schemas['CreateApiKey'];

export type Method = 'get' | 'post' | 'delete';

/** The paths that have such a method. */
export type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;

type Json<T> = T extends { content: { 'application/json': infer B } } ? B : never;

/** What a call answers where it succeeds. */
export type AnswerOf<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;

export type BodyOf<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: infer R } ? OptionalJson<R> : undefined;

type OptionalJson<R> = R extends { content: { 'application/json': infer B } } ? B : undefined;

export type QueryOf<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: { query?: infer Q } } ? NonNullable<Q> : Record<string, never>;

/** `id` and so on, of `/v1/jobs/{id}`. */
export type ParamsOf<P extends keyof paths> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Record<Name, string> & RestOf<Rest>
  : unknown;
type RestOf<Rest extends string> = Rest extends `${string}{${infer Name}}${infer More}`
  ? Record<Name, string> & RestOf<More>
  : unknown;

/** An item of a list. */
export type ItemOf<P extends PathWith<'get'>> = AnswerOf<P, 'get'> extends { data: (infer Item)[] } ? Item : never;
