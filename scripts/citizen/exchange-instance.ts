import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

/** A running Asterisk that plays the city's exchange, in a temporary folder of its own. */
export interface ExchangeInstance {
  pid: number;
  folder: string;
  ports: ExchangePorts;
  /** Resolves when the process has ended, by whatever cause. */
  exited: Promise<void>;
  /** Ends it at once with SIGKILL. The folder goes too. */
  kill(): Promise<void>;
}

export interface ExchangeInstanceOptions {
  program: AsteriskProgram;
  hotline: { host: string; port: number };
  ports: ExchangePorts;
  secret: string;
}

const templates = fileURLToPath(new URL('../../asterisk-config', import.meta.url));

/** Renders the exchange's folder and starts its Asterisk; it is not yet ready to answer when this returns. */
export async function startExchangeInstance(options: ExchangeInstanceOptions): Promise<ExchangeInstance> {
  const { program } = options;
  const folder = mkdtempSync(join(tmpdir(), 'hotline-exchange-'));
  for (const name of ['etc', 'state', 'run', 'log', 'spool', 'cache', 'data', 'music'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['documentation', 'rest-api'])
    symlinkSync(join(program.dataDir, name), join(folder, 'data', name));
  const values: Record<string, string | number> = {
    DIR: folder,
    MODULES_DIR: program.moduleDir,
    SYSTEM_NAME: 'exchange',
    ENTITY_ID: '02:00:00:00:00:01',
    MAX_FILES: 8192,
    ARI_USER: 'citizen',
    ARI_PASSWORD: options.secret,
    ARI_PORT: options.ports.ari,
    RTP_START: options.ports.rtpStart,
    RTP_END: options.ports.rtpEnd,
    BIND: '127.0.0.1',
    SIP_PORT: options.ports.sip,
    RTP_ON_LOOPBACK: 'media_address = 127.0.0.1\nbind_rtp_to_media_address = yes',
    HOTLINE: `${options.hotline.host}:${options.hotline.port}`,
    TRUNK_ADDRESSES: options.hotline.host,
  };
  for (const role of ['common', 'exchange'])
    for (const name of readdirSync(join(templates, role)))
      writeFileSync(
        join(folder, 'etc', name),
        readFileSync(join(templates, role, name), 'utf8').replace(/@\{(\w+)\}/g, (_, key) => String(values[key])),
      );
  writeManager(folder, options);
  const command = program.command(['-C', join(folder, 'etc/asterisk.conf'), '-f']);
  const child = spawn(command.file, command.args, {
    stdio: 'ignore',
    // Ctrl-C at a terminal reaches this program only, which then says goodbye to the far sides.
    detached: true,
    env: { ...process.env, ...command.env },
  });
  return guard(child, folder, options.ports);
}

function writeManager(folder: string, { ports, secret }: ExchangeInstanceOptions): void {
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
 * Sees to it that nothing stays behind: at this process's end the exchange is killed and its folder deleted, and a small
 * watcher does the same when this process is itself killed: its standard input then ends.
 */
function guard(child: ChildProcess, folder: string, ports: ExchangePorts): ExchangeInstance {
  const { pid } = child;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (pid === undefined) throw new Error('the exchange’s Asterisk could not be started');
  const watcher = spawn('sh', ['-c', 'read -r line; kill -9 "$1"; rm -rf "$2"', 'watcher', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // It must not keep the process alive: it ends when the process does.
  watcher.unref();
  if (watcher.stdin && 'unref' in watcher.stdin) (watcher.stdin as { unref(): void }).unref();
  const clean = () => {
    watcher.kill('SIGKILL');
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clean);
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
    process.off('exit', clean);
    clean();
  };
  return { pid, folder, ports, exited, kill };
}

/** Ports that are free at this moment, for whatever was not asked for. */
export async function choosePorts(wanted: Partial<ExchangePorts>): Promise<ExchangePorts> {
  const [sip, ari, manager] = await Promise.all([
    wanted.sip ?? freePort(),
    wanted.ari ?? freePort(),
    wanted.manager ?? freePort(),
  ]);
  return { sip, ari, manager, rtpStart: wanted.rtpStart ?? 20000, rtpEnd: wanted.rtpEnd ?? 24999 };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
