import { apiKeyRoutes } from './handlers/api-keys.js';
import { batchEventRoutes } from './handlers/batch-events.js';
import { batchFailureRoutes } from './handlers/batch-failures.js';
import { batchJobRoutes } from './handlers/batch-jobs.js';
import { batchPreviewRoutes } from './handlers/batch-preview.js';
import { batchResultRoutes } from './handlers/batch-results.js';
import { batchRetryRoutes } from './handlers/batch-retry.js';
import { batchRoutes } from './handlers/batches.js';
import { estimateRoutes } from './handlers/estimates.js';
import { eventRoutes } from './handlers/events.js';
import { fileRoutes } from './handlers/files.js';
import { imageFileRoutes } from './handlers/image-file.js';
import { imageRoutes } from './handlers/images.js';
import { jobDeliveryRoutes } from './handlers/job-deliveries.js';
import { jobEventRoutes } from './handlers/job-events.js';
import { jobRoutes } from './handlers/jobs.js';
import { modelRoutes } from './handlers/models.js';
import { probeRoutes } from './handlers/probes.js';
import { providerRoutes } from './handlers/providers.js';
import { systemRoutes } from './handlers/system.js';
import { usageRoutes } from './handlers/usage.js';
import { webhookDeliveryRoutes } from './handlers/webhook-deliveries.js';
import { webhookRoutes } from './handlers/webhook-endpoints.js';
import { webhookSecretRoutes } from './handlers/webhook-secrets.js';
import type { Route } from './route.js';

/** Every route: the server serves these, and the OpenAPI document describes these. */
export const routes: readonly Route[] = [
  ...imageRoutes,
  ...modelRoutes,
  ...fileRoutes,
  // Before those with an id in this place.
  ...batchPreviewRoutes,
  ...batchRoutes,
  ...batchRetryRoutes,
  ...batchJobRoutes,
  ...batchFailureRoutes,
  ...batchResultRoutes,
  ...batchEventRoutes,
  ...jobRoutes,
  ...jobEventRoutes,
  ...imageFileRoutes,
  ...jobDeliveryRoutes,
  ...estimateRoutes,
  ...usageRoutes,
  ...providerRoutes,
  ...probeRoutes,
  ...webhookRoutes,
  ...webhookSecretRoutes,
  ...webhookDeliveryRoutes,
  ...eventRoutes,
  ...apiKeyRoutes,
  ...systemRoutes,
];
