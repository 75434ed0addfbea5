import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';

/** Wait for a burst of changes to be over, ms. */
const settleMs = 100;
/** How often to look anyway: notices get lost on network folders and when inotify's limit is reached, ms. */
const lookEveryMs = 2_000;

/**
 * Calls back when a file of the folder (not of its subfolders) came, went or changed, in whatever way an editor saves. A folder
 * that does not exist yet is looked for.
 * @returns stops watching
 */
export function watchFolder(dir: string, onChange: () => void, log: Logger): () => void {
  let seen = signature(dir);
  let watcher: FSWatcher | null = null;
  let settling: NodeJS.Timeout | undefined;
  const look = () => {
    const now = signature(dir);
    if (now === seen) return;
    seen = now;
    onChange();
  };
  const settle = () => {
    clearTimeout(settling);
    settling = setTimeout(look, settleMs);
    settling.unref();
  };
  try {
    watcher = watch(dir, { persistent: false }, settle);
    watcher.on('error', (error) => log.debug({ err: error, dir }, 'notices of changes are lost, looking instead'));
  } catch (error) {
    log.debug({ err: error, dir }, 'no notices of changes, looking instead');
  }
  const looking = setInterval(look, lookEveryMs);
  looking.unref();
  return () => {
    clearInterval(looking);
    clearTimeout(settling);
    watcher?.close();
  };
}

/** Names, sizes and times of a folder's files as one text; empty when there is no such folder. */
function signature(dir: string): string {
  try {
    return readdirSync(dir)
      .sort()
      .map((name) => `${name} ${stamp(join(dir, name))}`)
      .join('\n');
  } catch {
    return '';
  }
}

function stamp(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
}
