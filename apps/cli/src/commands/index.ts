import type { Command } from '../command.js';
import { probe } from './probe.js';
import { providers } from './providers.js';
import { recover } from './recover.js';

/** Every command by its name: a new one is a file beside this, and a line here. */
export const commands: Readonly<Record<string, Command>> = { probe, providers, recover };
