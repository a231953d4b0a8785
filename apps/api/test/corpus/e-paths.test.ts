import { newId } from '@rendermill/shared/domain/ids';
import { makeKey } from '../../../../test/keys.js';
import { runSection, type Ask } from './run-section.js';
import { ask } from './said.js';

/** Paths, queries and methods; and jobs of others. */

const job = { type: 'generation', model: 'gpt-image-2', prompt: 'x' };
const call =
  (method: string, path: string): Ask =>
  async (world) =>
    ask(world, { method, path });
const get = (path: string): Ask => call('GET', path);
const list = (query: string): Ask => get(`/v1/jobs?${query}`);

runSection(
  'E',
  {},
  {
    192: get('/v1/nothing'),
    193: get('/v1/images/generations'),
    194: call('DELETE', '/v1/jobs'),
    195: call('PUT', `/v1/jobs/${newId('job')}`),
    196: get('/v1/jobs/42'),
    197: get('/v1/jobs/..%2f..%2fetc%2fpasswd'),
    198: get('/v1/jobs/%E0%A4%A'),
    199: get(`/v1/jobs/${newId('job')}%00`),
    200: get(`/v1/jobs/job_${'x'.repeat(5_000)}`),
    201: async (world) => {
      const { call: theirs } = await makeKey(world);
      const { body } = await theirs<{ id: string }>('POST', '/v1/jobs', job);
      return ask(world, { path: `/v1/jobs/${body.id}` });
    },
    202: async (world) => {
      const { id } = await world.submit(job);
      return ask(world, { path: `/v1/jobs/${id}` });
    },
    203: list('limit=0'),
    204: list('limit=-1'),
    205: list('limit=101'),
    206: list('limit=1.5'),
    207: list('limit=1e2'),
    208: list('limit=abc'),
    209: list('limit='),
    210: list('limit=%00'),
    211: list('limit=NaN'),
    212: list('limit=0x10'),
    213: list(`limit=${encodeURIComponent('９')}`),
    214: list('limit=1&limit=2'),
    215: list('limit[]=1'),
    216: list('limit[$gt]=1'),
    217: list('__proto__[x]=1'),
    218: list('colour=red'),
    219: list('after=%27;--'),
    220: list('order=DROP%20TABLE'),
    221: list('limit=100'),
    222: get(`/v1/jobs?after=${'x'.repeat(20_000)}`),
  },
);
