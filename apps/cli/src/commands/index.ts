import type { Command } from '../command.js';
import { cancel, pause, resume } from './change.js';
import { completion } from './completion.js';
import { download } from './download.js';
import { jobs } from './jobs.js';
import { keysCreate, keysList, keysRevoke, keysRotate } from './keys.js';
import { login } from './login.js';
import { openPage } from './open.js';
import { plan } from './plan.js';
import { probe } from './probe.js';
import { providers } from './providers.js';
import { recover } from './recover.js';
import { results } from './results.js';
import { retry } from './retry.js';
import { status } from './status.js';
import { submit } from './submit.js';
import { template } from './template.js';
import { watch } from './watch.js';
import { webhooksListen } from './webhooks-listen.js';
import { webhooksLog, webhooksResend } from './webhooks-log.js';

/** Every command by its name, in the order in which they are needed: a new one is a file beside this, and a line here. */
export const commands: Readonly<Record<string, Command>> = {
  login,
  template,
  plan,
  submit,
  status,
  watch,
  results,
  download,
  retry,
  cancel,
  pause,
  resume,
  jobs,
  open: openPage,
  'webhooks listen': webhooksListen,
  'webhooks log': webhooksLog,
  'webhooks resend': webhooksResend,
  'keys list': keysList,
  'keys create': keysCreate,
  'keys rotate': keysRotate,
  'keys revoke': keysRevoke,
  providers,
  probe,
  recover,
  completion: completion(() => commands),
};
