/**
 * `npm run up`: sets up and supervises Asterisk, PostgreSQL, the edge and the server. It only supervises: each part is
 * restarted alone. Ends with code 0 after Ctrl-C, with 1 and one line when something on this machine is in the way.
 * Options: `--watch` restarts the server when a source file changes, `--no-demo` leaves the demo data out,
 * `--server=<file>` runs another program as the server (tests do).
 */
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, ConfigError, readConfig } from '../src/config.js';
import { cacheFolder } from '../src/platform/provision/cache-folder.js';
import { treeFolder } from '../src/platform/provision/debian-tree.js';
import { type PidLock, tryPidLock } from '../src/platform/provision/pid-lock.js';
import { provideAsterisk } from '../src/platform/provision/programs.js';
import { SetupError } from '../src/platform/provision/setup-error.js';
import { asteriskTree } from '../src/platform/provision/tree-spec.js';
import { loadSecrets } from '../src/platform/secrets.js';
import { drain } from './up/drain.js';
import { endOrphans, rememberProcesses } from './up/orphans.js';
import { checkDatabase, checkFolder, checkPorts, checkSettings, neededBytes } from './up/preflight.js';
import { describeSystem, prepareSystem, type System } from './up/system.js';
import { Watchdog } from './up/watchdog.js';
import { welcome } from './up/welcome.js';

const started = Date.now();
const say = (line: string) => process.stdout.write(`${line}\n`);

// A closed terminal must not end the supervision in the middle of its orderly end.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

try {
  const config = readConfig();
  checkSettings(config);
  checkFolder('DATA_DIR', config.DATA_DIR, 0);
  const lock = await lockDataDir(config);
  try {
    await up(config);
  } finally {
    await lock.release();
  }
  process.exit(0);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof SetupError)) throw error;
  process.stderr.write(
    error instanceof ConfigError ? `设置有误 / wrong setting: ${error.message}\n` : `${error.message}\n`,
  );
  process.exit(1);
}

async function up(config: Config): Promise<void> {
  const stopAsked = stopSignals();
  const processes = join(config.DATA_DIR, 'processes.json');
  const left = await endOrphans(processes);
  if (left.length > 0) say(`已清理上次遗留的进程 / ended what the last run left: ${left.join(', ')}`);
  await checkPorts(config);
  if (config.DATABASE_URL) await checkDatabase(config.DATABASE_URL);
  const cacheDir = cacheFolder(config.DATA_DIR);
  const cached = existsSync(treeFolder(asteriskTree, cacheDir));
  checkFolder('DATA_DIR', config.DATA_DIR, neededBytes(true, config.DATA_DIR));
  checkFolder('XDG_CACHE_HOME', cacheDir, neededBytes(cached, config.DATA_DIR));
  const asterisk = await Promise.race([provideAsterisk({ cacheDir, report: say }), stopAsked.first]);
  if (!asterisk) return;
  const secrets = loadSecrets(config.DATA_DIR);

  let system: System | null = null;
  const remember = () => {
    const parts = system ? [system.asterisk, system.postgres, system.edge, system.server] : [];
    rememberProcesses(
      processes,
      parts.flatMap((part) => (part?.process ? [{ name: part.name, ...part.process }] : [])),
    );
  };
  const demo = !process.argv.includes('--no-demo');
  const serverFile = process.argv.find((argument) => argument.startsWith('--server='))?.slice('--server='.length);
  const options = { config, secrets, asterisk, demo, ...(serverFile && { serverFile }), tell: say, onChange: remember };
  await prepareSystem(options);
  system = describeSystem(options);
  await Promise.race([startAll(system, config), stopAsked.first]);
  const stopWatching = process.argv.includes('--watch') ? watchSources(system) : () => undefined;
  const guard = watchdog(system, config);
  await stopAsked.first;
  stopWatching();
  clearInterval(guard);
  await drain(system, { seconds: config.DRAIN_SECONDS, now: stopAsked.second, tell: say });
}

async function startAll(system: System, config: Config): Promise<void> {
  say('正在启动 / starting');
  system.asterisk.start();
  system.postgres?.start();
  system.edge.start();
  await system.postgres?.ready();
  system.server.start();
  await Promise.all([system.asterisk.ready(), system.edge.ready(), system.server.ready()]);
  say(welcome(config, Date.now() - started));
}

function watchdog(system: System, config: Config): NodeJS.Timeout {
  const { ari, serverPresent } = system;
  const dog = new Watchdog({ ari, serverPresent, awaySeconds: config.SERVER_AWAY_SECONDS, tell: say });
  let looking = false;
  return setInterval(async () => {
    if (looking) return;
    looking = true;
    // Asterisk itself may be away just now; the next look comes in a second.
    await dog.look().catch((error: unknown) => say(`应急检查未成功 / the emergency check failed: ${error}`));
    looking = false;
  }, 1000);
}

async function lockDataDir(config: Config): Promise<PidLock> {
  mkdirSync(config.DATA_DIR, { recursive: true });
  const lock = await tryPidLock(join(config.DATA_DIR, 'up.pid'));
  if ('release' in lock) return lock;
  throw new SetupError(
    `另一个 npm run up（进程 ${lock.heldBy}）正在使用 ${config.DATA_DIR}：请先停止它，或设置另一个 DATA_DIR`,
    `another npm run up (process ${lock.heldBy}) runs on ${config.DATA_DIR}: stop it first, or set another DATA_DIR`,
  );
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks for an orderly end, a second one for an end at once. One Ctrl-C may arrive
 * twice, from the terminal and from npm, which passes it on: within half a second both count as one.
 */
function stopSignals(): { first: Promise<void>; second: Promise<void> } {
  let askedAt = 0;
  let askFirst: () => void;
  let askSecond: () => void;
  const first = new Promise<void>((done) => {
    askFirst = done;
  });
  const second = new Promise<void>((done) => {
    askSecond = done;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (askedAt === 0) {
        askedAt = Date.now();
        askFirst();
      } else if (Date.now() - askedAt > 500) askSecond();
    });
  return { first, second };
}

function watchSources(system: System): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(fileURLToPath(new URL('../src', import.meta.url)), { recursive: true }, (_, file) => {
    if (!file || file.startsWith('console')) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      say(`${file} 已修改，重启服务器 / ${file} has changed: restarting the server`);
      void system.server.restart();
    }, 200);
  });
  return () => watcher.close();
}
