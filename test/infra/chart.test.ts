import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { apiKeys, workerKeys } from '@rendermill/shared/config/env';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

describe('the chart', () => {
  const chart = 'infra/helm/rendermill';
  const values = parse(read(`${chart}/values.yaml`)) as Record<string, unknown>;
  const schema = JSON.parse(read(`${chart}/values.schema.json`)) as object;
  const names = readdirSync(join(root, chart, 'templates'));
  const templates = names.map((name) => read(`${chart}/templates/${name}`)).join('\n');

  test('has values that its schema takes, and refuses what is not one', () => {
    const valid = new Ajv({ strict: false }).compile(schema);
    expect([valid(values), valid.errors]).toEqual([true, null]);
    expect(valid({ ...values, wokrer: {} })).toBe(false);
    const keda = { ...(values['worker'] as object), autoscaling: { mode: 'keda', prometheusAddress: '' } };
    expect(valid({ ...values, worker: keda })).toBe(false);
  });

  test('uses only values that there are', () => {
    const paths = [...templates.matchAll(/\$?\.Values\.([\w.]+)/g)].map(([, path = '']) => path);
    const missing = paths.filter((path) => {
      let at: unknown = values;
      for (const part of path.split('.')) {
        if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return true;
        at = (at as Record<string, unknown>)[part];
      }
      return false;
    });
    expect(paths.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  test.each(['api', 'worker'])('has Kubernetes set no variables for services in the pods of %s', (component) => {
    const [, pod = ''] = read(`${chart}/templates/${component}.yaml`).split(/^ {2}template:$/m);
    expect(pod).toMatch(/^ {4}spec:\n(?: {6}.*\n)*? {6}enableServiceLinks: false$/m);
  });

  test('sets only keys of the environment that the apps read', () => {
    const set = [...templates.matchAll(/- name: ([A-Z][A-Z0-9_]+)$/gm)].map(([, name = '']) => name);
    const known = new Set([...Object.keys(apiKeys), ...Object.keys(workerKeys)]);
    expect(set.length).toBeGreaterThan(6);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
    const env = Object.keys(values['env'] as object);
    expect(env.filter((name) => !known.has(name))).toEqual([]);
  });
});
