import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { JournalEntry, NewEntry } from '../platform/journal/journal-entry.js';
import { emergencyFacts } from './emergency.js';

export interface EmergencyImportParts {
  /** The dialplan's log of calls that it served alone. */
  readonly file: string;
  readonly areaCode: string;
  readonly append: (entries: readonly NewEntry[]) => JournalEntry[];
  readonly log: Logger;
}

/**
 * Makes records of the calls that Asterisk served while no server ran. Lines of calls that still go on are kept for the next
 * time. Killed between the journal and the removal of the file, it repeats lines of a timeline, never a record.
 */
export async function importEmergencyCalls({ file, areaCode, append, log }: EmergencyImportParts): Promise<void> {
  const taken = `${file}.taken`;
  const before = await readLines(taken);
  const aside = `${file}.new`;
  await rename(file, aside).catch(ignoreMissing);
  const lines = [...before, ...(await readLines(aside))];
  if (lines.length === 0) return;
  const { facts, pending, unreadable } = emergencyFacts(lines, areaCode);
  if (unreadable > 0) log.warn({ unreadable }, 'lines of the emergency log could not be read');
  if (facts.length > 0) {
    append(facts);
    log.warn(
      { calls: facts.filter(({ type }) => type === 'call.ended').length },
      'calls were served without the server',
    );
  }
  await writeFile(`${taken}.draft`, pending.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  await rename(`${taken}.draft`, taken);
  await rm(aside, { force: true });
}

async function readLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  return (text ?? '').split('\n').filter((line) => line !== '');
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
