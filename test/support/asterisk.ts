/** Starts Asterisk instances below a temporary folder on free ports, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AsteriskTree,
  asteriskCommand,
  type InstanceOptions,
  probeAri,
  renderInstance,
  unpackedTree,
} from '../../src/platform/asterisk/instance.js';
import { cacheFolder } from '../../src/platform/provision/cache-folder.js';
import { provideAsterisk } from '../../src/platform/provision/programs.js';

export interface RunningAsterisk {
  readonly options: InstanceOptions;
  readonly ari: { url: string; port: number; user: string; password: string; systemName: string };
  /** Everything that Asterisk logged so far: warnings and errors. */
  log(): string;
  pid(): number;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts again in the same folder after `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** The Asterisk that tests use: the one that `up` would use; ASTERISK_TREE names another unpacked one. */
export async function asteriskTree(): Promise<AsteriskTree> {
  const own = process.env.ASTERISK_TREE;
  if (own) return unpackedTree(own);
  const report = (line: string) => process.stderr.write(`${line}\n`);
  return (await provideAsterisk({ cacheDir: cacheFolder(resolve('var')), report })).tree;
}

/** Starts an instance and resolves once its ARI answers. */
export async function startAsterisk(
  given: Partial<InstanceOptions> & { role: InstanceOptions['role'] },
): Promise<RunningAsterisk> {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-asterisk-'));
  const ports = await freePorts();
  const options: InstanceOptions = {
    dir: join(folder, 'asterisk'),
    systemName: `test-${randomBytes(4).toString('hex')}`,
    bind: '127.0.0.1',
    ...ports,
    ariUser: 'hotline',
    ariPassword: randomBytes(16).toString('hex'),
    trunkAddresses: ['127.0.0.1'],
    recordingsDir: join(folder, 'recordings'),
    soundsDirs: [],
    tree: await asteriskTree(),
    ...given,
  };
  const instance = renderInstance(options);
  const ari = {
    url: `http://127.0.0.1:${options.ariPort}`,
    port: options.ariPort,
    user: options.ariUser,
    password: options.ariPassword,
    systemName: options.systemName,
  };
  let child: ChildProcess | null = null;
  let ended: Promise<void> = Promise.resolve();

  async function start() {
    const command = asteriskCommand(options.dir, options.tree);
    const started = spawn(command.file, command.args, { env: { ...process.env, ...command.env }, stdio: 'ignore' });
    child = started;
    ended = new Promise((resolve) => started.once('exit', () => resolve()));
    for (let tries = 0; tries < 200; tries++) {
      if ((await probeAri(ari)).answers === 'ours') return;
      await sleep(50);
    }
    throw new Error(`Asterisk did not come up:\n${log()}`);
  }
  async function kill(signal: NodeJS.Signals) {
    child?.kill(signal);
    await ended;
  }
  function log() {
    return readFileSync(instance.logFile, 'utf8');
  }
  await start();
  return {
    options,
    ari,
    log,
    pid: () => child?.pid ?? 0,
    kill,
    start,
    async stop() {
      await kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const [firstPort, lastPort] = (process.env.TEST_PORTS ?? '22000-22999').split('-').map(Number) as [number, number];
/** RTP ports an instance gets besides SIP and ARI: 2 per channel. */
const block = 100;

/** A block of ports of which SIP (TCP) and ARI are free now. */
async function freePorts() {
  const blocks = Math.floor((lastPort - firstPort + 1) / block);
  const offset = Math.floor(Math.random() * blocks);
  for (let i = 0; i < blocks; i++) {
    const first = firstPort + ((offset + i) % blocks) * block;
    if ((await isFree(first)) && (await isFree(first + 2)))
      return { sipPort: first, ariPort: first + 2, rtpStart: first + 4, rtpEnd: first + block - 1 };
  }
  throw new Error(`no free ports in ${firstPort}-${lastPort}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
