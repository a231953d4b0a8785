import { providerModel, type Account } from '@rendermill/shared/domain/accounts';
import type { Job } from '@rendermill/shared/domain/job';

/** A picture asked for by chat completions: models that have no other way, such as sora_image. */
export interface ChatFields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly ignored: readonly string[];
}

/** Their shapes are asked for at the end of the prompt, in these words. */
const shapes: Readonly<Record<string, string>> = {
  '1024x1024': '【1:1】',
  '1024x1536': '【2:3】',
  '1536x1024': '【3:2】',
};

/** What has no place in a chat message. */
const unsaid = ['output_format', 'user', 'safety_identifier', 'effort', 'partial_images'] as const;

export function chatFields({ model, request }: Pick<Job, 'model' | 'request'>, account: Account): ChatFields {
  const shape = shapes[request.size ?? 'auto'] ?? '';
  return {
    fields: {
      model: providerModel(account, model) ?? model,
      stream: false,
      messages: [{ role: 'user', content: `${request.prompt ?? ''}${shape}` }],
    },
    ignored: unsaid.filter((name) => request[name] !== undefined),
  };
}
