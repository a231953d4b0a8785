import { line } from '../../../../test/batch-calls.js';
import { refused } from './things.js';
import { file } from './values.js';

/**
 * Requests that are known to be good: where one is broken in one place it is that place which is refused. And values by
 * property name that mean something here, for those that are made from the schemas alone.
 */

export interface Known {
  /** JSON by operation. Undefined stands for no body. */
  readonly bodies: Readonly<Record<string, readonly unknown[]>>;
  /** The fields of forms. */
  readonly forms: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly queries: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;
  readonly hints: Readonly<Record<string, readonly unknown[]>>;
}

export function known(picture: string, receiver: string, ownFile: string, csvFile: string): Known {
  const small = { prompt: 'known', model: 'gpt-image-1', size: '1024x1024', quality: 'low' };
  const job = { type: 'generation', ...small };
  const edit = { prompt: 'known', model: 'gpt-image-1', quality: 'low' };
  const requests = [line('one', { prompt: 'known' }), line('two', { prompt: refused })];
  const template = { custom_id: '{{ sku }}', prompt: 'A {{ name }}', quality: 'low' };
  const endpoint = { name: 'known', url: receiver, event_types: ['job.completed', 'batch.completed'] };
  const batches = [
    { requests, metadata: { a: 'b' } },
    { input_file_id: ownFile, endpoint: '/v1/images/generations', completion_window: '24h', max_cost: 1 },
    { input_file_id: csvFile, template, csv: { delimiter: ',' }, priority: 'low', deadline: 4_000_000_000 },
  ];
  const jobs = [
    job,
    { ...job, n: 2, custom_id: 'sku-1', metadata: { a: 'b' }, priority: 'high', webhook_url: receiver },
    { type: 'edit', ...edit, images: [{ image_url: picture }], on_unknown_outcome: 'fail' },
    { ...job, output_format: 'webp', output_compression: 80, background: 'opaque', moderation: 'low', user: 'u' },
    { ...job, provider: 'sim', deadline: 4_000_000_000 },
  ];
  return {
    bodies: {
      createImage: [small, { ...small, n: 2, response_format: 'url' }, { ...small, stream: true, partial_images: 1 }],
      createImageEdit: [
        { ...edit, images: [{ image_url: picture }] },
        { ...edit, image: picture, mask_from: 'alpha' },
      ],
      createImageVariation: [{ image: picture, model: 'gpt-image-1' }],
      createBatch: batches,
      previewBatch: batches,
      retryBatch: [{}, { error_code: 'invalid_request' }, undefined],
      createBatchResultsLink: [{}, { format: 'csv' }],
      createJob: jobs,
      createEstimate: [...jobs, ...batches],
      probeProvider: [{}, { model: 'gpt-image-1' }, { spend: false }],
      createWebhookEndpoint: [endpoint, { ...endpoint, max_per_minute: 60 }],
      updateWebhookEndpoint: [{ name: 'other' }, { enabled: true, event_types: ['job.failed'] }],
      testWebhookEndpoint: [{ event_type: 'job.completed' }],
      rotateWebhookSecret: [{}, { keep_old_secret_active_for_24_hours: true }],
      recoverWebhookDeliveries: [{ since: 1 }],
      createApiKey: [
        { name: 'known', project: 'owner', mode: 'live', scopes: ['jobs:read'] },
        { name: 'known', project: 'owner', mode: 'test', scopes: ['files'], ip_ranges: ['10.0.0.0/8'], spend_limit: 1 },
      ],
      rotateApiKey: [{}, { overlap_hours: 1 }],
    },
    forms: {
      createFile: [
        { purpose: 'batch', file },
        { purpose: 'user_data', file, 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '3600' },
      ],
      createImage: [{ ...small, n: '1' }],
      createImageEdit: [
        { ...edit, image: file, n: '1' },
        { ...edit, image: [file, file], response_format: 'b64_json' },
      ],
      createImageVariation: [{ image: file, model: 'gpt-image-1' }],
      createJob: [{ type: 'edit', ...edit, image: file, custom_id: 'sku-1', priority: 'low' }],
    },
    queries: {
      listFiles: [{ limit: '2', purpose: 'batch' }],
      listBatches: [{ limit: '2', order: 'asc' }],
      getBatch: [{ wait: '0' }],
      previewBatch: [{ limit: '2' }],
      listBatchJobs: [{ status: 'completed', limit: '1' }],
      getBatchResults: [{ format: 'csv' }, { format: 'zip' }],
      streamBatchEvents: [{ after: '0' }],
      streamJobEvents: [{ after: '0' }],
      listJobs: [{ status: 'completed', limit: '1', order: 'asc', created_after: '1' }, { custom_id: 'sku-1' }],
      getJob: [{ wait: '0' }],
      getUsage: [{ group_by: 'day,model' }, { outcome: 'unknown', limit: '2' }, { start_time: '1', end_time: '2' }],
      listWebhookDeliveries: [{ status: 'delivered' }],
      listEvents: [{ types: 'job.completed', limit: '1' }, { after: '0' }],
      listApiKeys: [{ limit: '1' }],
    },
    hints: {
      prompt: ['a vase', refused],
      model: ['gpt-image-1', 'gpt-image-2', 'dall-e-2', 'none'],
      size: ['1024x1024', '1024x1536', 'auto', '0x0', '7x7'],
      image: [picture, [picture, picture]],
      images: [[{ image_url: picture }], picture],
      mask: [picture],
      provider: ['sim', 'nobody'],
      type: ['generation'],
      webhook_url: [receiver],
      url: [receiver],
      requests: [requests],
      input_file_id: [ownFile, csvFile],
      template: [template],
      project: ['owner'],
      ip_ranges: [['127.0.0.0/8']],
      group_by: ['day', 'day,batch'],
      types: ['job.completed'],
      after: ['0'],
    },
  };
}
