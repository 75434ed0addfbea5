import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import type { Db } from '../platform/postgres/client.js';
import type { VoicePolicy } from '../policy/policy.js';
import { voicePolicyAt } from '../policy/policy-store.js';
import type { QueueSettings } from '../queue/queue.js';
import { listQueues } from '../queue/queue-store.js';
import { listSeats } from '../seat/seat-store.js';

/** What the voice service needs of the database before it can take calls. */
export interface VoiceSettings {
  readonly queues: readonly QueueSettings[];
  readonly policy: VoicePolicy;
  readonly seats: readonly string[];
}

/** Reads the settings and keeps a copy on disk for a start without the database. */
export async function readVoiceSettings(db: Db, copy: string, now: Date): Promise<VoiceSettings> {
  const [queues, policy, seats] = await Promise.all([listQueues(db), voicePolicyAt(db, now), listSeats(db)]);
  const settings = { queues, policy, seats };
  await mkdir(dirname(copy), { recursive: true });
  await writeFile(`${copy}.new`, JSON.stringify(settings), { mode: 0o600 });
  await rename(`${copy}.new`, copy);
  return settings;
}

/**
 * The settings at a start: the copy of the last run at once when there is one, so that calls are taken over without waiting for
 * the database; else from the database, however long it takes.
 */
export async function settingsAtStart(
  copy: string,
  fromDatabase: () => Promise<VoiceSettings>,
  log: Logger,
): Promise<{ settings: VoiceSettings; fresh: boolean }> {
  try {
    return { settings: JSON.parse(await readFile(copy, 'utf8')) as VoiceSettings, fresh: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn({ err: error }, 'copy of the voice settings unreadable');
    return { settings: await fromDatabase(), fresh: true };
  }
}
