import { accessSync, constants, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/**
 * Where downloads are kept for all clones of one user: `$XDG_CACHE_HOME/hotline12345`, else `~/.cache/hotline12345`.
 * Without a home folder that can be written to, below `dataDir`.
 */
export function cacheFolder(dataDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const bases = [env.XDG_CACHE_HOME, env.HOME && join(env.HOME, '.cache')];
  for (const base of bases) {
    if (!base || !isAbsolute(base)) continue;
    const folder = join(base, 'hotline12345');
    if (canWrite(folder)) return folder;
  }
  const folder = join(dataDir, 'cache');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function canWrite(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // Read-only, not ours, or no such home: the next place is tried.
  }
}
