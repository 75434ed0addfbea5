import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedTree, renderInstance } from '../../src/platform/asterisk/instance.js';
import type { AsteriskProgram } from '../../src/platform/provision/programs.js';

export interface ExchangePorts {
  /** SIP over UDP. */
  sip: number;
  /** ARI, TCP. */
  ari: number;
  /** AMI, TCP. */
  manager: number;
  rtpStart: number;
  rtpEnd: number;
}

/** A running Asterisk in a temporary folder of its own. */
export interface GuardedAsterisk {
  pid: number;
  folder: string;
  /** Resolves when the process has ended, by whatever cause. */
  exited: Promise<void>;
  /** Ends it at once with SIGKILL. The folder goes too. */
  kill(): Promise<void>;
}

/** The one that plays the city's exchange. */
export interface ExchangeInstance extends GuardedAsterisk {
  ports: ExchangePorts;
}

export interface ExchangeInstanceOptions {
  program: AsteriskProgram;
  hotline: { host: string; port: number };
  ports: ExchangePorts;
  secret: string;
}

/** Renders the exchange's folder and starts its Asterisk; it is not yet ready to answer when this returns. */
export function startExchangeInstance(options: ExchangeInstanceOptions): ExchangeInstance {
  const { program, hotline, ports } = options;
  const folder = mkdtempSync(join(tmpdir(), 'hotline-exchange-'));
  try {
    renderInstance({
      dir: folder,
      role: 'exchange',
      systemName: `exchange-${ports.sip}`,
      bind: '127.0.0.1',
      sipPort: ports.sip,
      ariPort: ports.ari,
      rtpStart: ports.rtpStart,
      rtpEnd: ports.rtpEnd,
      ariUser: 'citizen',
      ariPassword: options.secret,
      trunkAddresses: [hotline.host],
      recordingsDir: join(folder, 'recordings'),
      soundsDirs: [],
      tree: installedTree('asterisk', program.moduleDir, program.dataDir),
      hotline: `${hotline.host}:${hotline.port}`,
    });
    writeOwnSettings(folder, options);
    return { ...launchGuarded(program, folder), ports };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** AMI tells how registrations fare; tones are added to the music later. */
function writeOwnSettings(folder: string, { ports, secret }: ExchangeInstanceOptions): void {
  const lines = [
    '[general]',
    'enabled = yes',
    'bindaddr = 127.0.0.1',
    `port = ${ports.manager}`,
    '[citizen]',
    `secret = ${secret}`,
    'read = system',
    'write = system',
  ];
  writeFileSync(join(folder, 'etc/manager.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'etc/musiconhold.conf'), '');
}

/**
 * Waits until the program that started the exchange says that it is gone, or is itself gone, however it ended: its end of
 * the pipe closes then. The folder goes last, when nobody writes into it any more.
 */
const watch = `
read -r line
[ "$line" = gone ] || kill -9 "$1"
while kill -0 "$1"; do sleep 0.05; done
rm -rf "$2"
`;

/** Starts the Asterisk of a rendered folder and sees to it that neither outlives this process. */
export function launchGuarded(program: AsteriskProgram, folder: string): GuardedAsterisk {
  const { file, args, env } = program.command(['-C', join(folder, 'etc/asterisk.conf'), '-f', '-n']);
  // Detached: Ctrl-C at a terminal reaches this program only, which then says goodbye to the far sides.
  const child = spawn(file, args, { stdio: 'ignore', detached: true, env: { ...process.env, ...env } });
  const { pid } = child;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (pid === undefined) throw new Error('the exchange’s Asterisk could not be started');
  const watcher = spawn('sh', ['-c', watch, 'watcher', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const cleaned = new Promise<void>((resolve) => watcher.once('exit', () => resolve()));
  // A program that has nothing else to do ends, and the exchange with it.
  child.unref();
  watcher.unref();
  (watcher.stdin as Socket).unref();
  const kill = async () => {
    child.ref();
    watcher.ref();
    child.kill('SIGKILL');
    await exited;
    if (watcher.stdin.writable) watcher.stdin.end('gone\n');
    await cleaned;
  };
  return { pid, folder, exited, kill };
}

/** Ports that are free at this moment, for whatever was not asked for. */
export async function choosePorts(wanted: Partial<ExchangePorts>): Promise<ExchangePorts> {
  const [sip, ari, manager] = await Promise.all([
    wanted.sip ?? freeUdpPort(),
    wanted.ari ?? freeTcpPort(),
    wanted.manager ?? freeTcpPort(),
  ]);
  return { sip, ari, manager, rtpStart: wanted.rtpStart ?? 20000, rtpEnd: wanted.rtpEnd ?? 24999 };
}

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
