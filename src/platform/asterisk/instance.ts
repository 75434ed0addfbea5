/**
 * One Asterisk instance of ours: its folder with configuration, state and logs, the command that starts it, and the
 * question whether the one that answers on a port is it. Several instances run side by side under one user.
 *
 * `<dir>/etc` configuration, `state` astdb (phones and their contacts), `run` pid and control socket, `log`, `spool`
 * (emergency log), `data` what Asterisk reads of its own (links into the tree).
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkData } from './instance-data.js';

/** Where an Asterisk program and its parts are. */
export interface AsteriskTree {
  program: string;
  modulesDir: string;
  /** Folder with `documentation`, `moh`, `rest-api`, `sounds`. */
  dataDir: string;
  /** The tree's own dynamic loader, when the program comes from another Debian release than the machine. */
  loader: { file: string; libraryPath: string } | null;
  env: Record<string, string>;
}

export interface InstanceOptions {
  /** Everything of this instance is written below; absolute or from the working directory. */
  dir: string;
  role: 'hotline' | 'exchange';
  /** Unique per DATA_DIR: part of every channel id and the answer to `probeAri`. Letters, digits, `-`. */
  systemName: string;
  /** Address of SIP. ARI is always on 127.0.0.1. */
  bind: string;
  sipPort: number;
  ariPort: number;
  rtpStart: number;
  rtpEnd: number;
  ariUser: string;
  ariPassword: string;
  /** Addresses or CIDR whose calls are the carrier's (hotline) or the hotline's (exchange). */
  trunkAddresses: readonly string[];
  /** Folder of `<channel's unique id>.raw`; made when missing. Unused by the exchange. */
  recordingsDir: string;
  /** Folders with prompts; the first that holds `emergency-apology.*` gives the apology of the emergency queue. */
  soundsDirs: readonly string[];
  tree: AsteriskTree;
  /** PEM files: SIP over TLS on `sipPort + 1`. */
  tls?: { cert: string; key: string };
  /** Role `exchange` only: `host:port` of the hotline's SIP. */
  hotline?: string;
}

/** Files of a rendered instance that others read or write. */
export interface Instance {
  dir: string;
  systemName: string;
  ariPort: number;
  /** JSON lines about calls that Asterisk took without the server; see `emergency-log.ts`. */
  emergencyLog: string;
  pidFile: string;
  logFile: string;
}

/** A template and its values do not fit together. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  constructor(file: string, placeholder: string, problem: string) {
    super(`${file}: placeholder @{${placeholder}} ${problem}`);
  }
}

const templatesDir = fileURLToPath(new URL('../../../asterisk-config/', import.meta.url));

/**
 * Puts values in the place of `@{NAME}`; `${NAME}` is Asterisk's own and stays.
 * @throws TemplateError for a placeholder without a value, and for a value that would break out of its line.
 */
export function renderTemplate(file: string, template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@\{([^}]*)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TemplateError(file, name, 'has no value');
    if (name !== 'RTP_ON_LOOPBACK' && /[\r\n;]/.test(value))
      throw new TemplateError(file, name, 'has a value with a line break or a semicolon');
    return value;
  });
}

/** Writes folders and configuration; safe to repeat, also below a running instance (it reads them at its next start). */
export function renderInstance(options: InstanceOptions): Instance {
  const dir = resolve(options.dir);
  if (!/^[A-Za-z0-9-]{1,40}$/.test(options.systemName))
    throw new TemplateError('asterisk.conf', 'SYSTEM_NAME', 'is not letters, digits and -');
  for (const folder of [
    '',
    'etc',
    'state',
    'state/keys',
    'spool',
    'spool/recording',
    'run',
    'log',
    'cache',
    'music',
    'data',
  ])
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  linkData(options.tree.dataDir, join(dir, 'data'), options.soundsDirs);
  if (options.role === 'hotline') {
    mkdirSync(options.recordingsDir, { recursive: true, mode: 0o700 });
  }
  const values = placeholderValues(dir, options);
  for (const folder of ['common', options.role]) {
    for (const file of readdirSync(join(templatesDir, folder))) {
      const template = readFileSync(join(templatesDir, folder, file), 'utf8');
      const off = file === 'pjsip-tls.conf' && !options.tls;
      writeSecret(
        join(dir, 'etc', file),
        off ? '; TLS is off.\n' : renderTemplate(`${folder}/${file}`, template, values),
      );
    }
  }
  const members = join(dir, 'etc', 'emergency-members.conf');
  if (options.role === 'hotline' && !existsSync(members)) writeEmergencyMembers(dir, []);
  return {
    dir,
    systemName: options.systemName,
    ariPort: options.ariPort,
    emergencyLog: values.EMERGENCY_LOG,
    pidFile: join(dir, 'run', 'asterisk.pid'),
    logFile: join(dir, 'log', 'messages.log'),
  };
}

/** Which seats' phones the emergency queue may ring; follow it with `reloadModule('app_queue.so')`. */
export function writeEmergencyMembers(dir: string, phones: readonly string[]): void {
  const lines = phones.map((phone) => {
    if (!/^[A-Za-z0-9_-]+$/.test(phone))
      throw new TemplateError('emergency-members.conf', 'PHONE', 'is not a phone’s name');
    return `member => PJSIP/${phone}\n`;
  });
  writeSecret(join(dir, 'etc', 'emergency-members.conf'), `; Written by the server.\n${lines.join('')}`);
}

/** What to spawn; it stays in the foreground. Wanted: `stdio: 'ignore'`, and SIGTERM to end it. */
export function asteriskCommand(
  dir: string,
  tree: AsteriskTree,
): { file: string; args: string[]; env: Record<string, string> } {
  const own = ['-C', join(resolve(dir), 'etc', 'asterisk.conf'), '-f', '-n'];
  if (!tree.loader) return { file: tree.program, args: own, env: tree.env };
  return {
    file: tree.loader.file,
    args: ['--argv0', 'asterisk', '--library-path', tree.loader.libraryPath, tree.program, ...own],
    env: tree.env,
  };
}

/** Debian packages unpacked below `root`, started through their own loader. */
export function unpackedTree(root: string): AsteriskTree {
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  return {
    program: join(root, 'usr/sbin/asterisk'),
    modulesDir: join(libraries, 'asterisk/modules'),
    dataDir: join(root, 'usr/share/asterisk'),
    loader: {
      file: join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
      libraryPath: `${libraries}:${join(root, 'usr/lib')}`,
    },
    env: { OPENSSL_MODULES: join(libraries, 'ossl-modules'), GCONV_PATH: join(libraries, 'gconv') },
  };
}

/** An Asterisk installed on this machine. */
export function installedTree(program: string, modulesDir: string, dataDir: string): AsteriskTree {
  return { program, modulesDir, dataDir, loader: null, env: {} };
}

export type ProbeAnswer =
  | { answers: 'ours'; version: string; startedAt: number }
  /** Another program, or another Asterisk, has the port. */
  | { answers: 'other' }
  | { answers: 'nobody' };

/** Asks who answers on the ARI port: a taken port does not stop Asterisk, it runs on without ARI. */
export async function probeAri(
  ari: { port: number; user: string; password: string; systemName: string },
  timeoutMs = 1000,
): Promise<ProbeAnswer> {
  const authorization = `Basic ${Buffer.from(`${ari.user}:${ari.password}`).toString('base64')}`;
  let response: Response;
  try {
    response = await fetch(`http://127.0.0.1:${ari.port}/ari/asterisk/info`, {
      headers: { authorization },
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    // Somebody who holds the port without answering HTTP is "other" only when a connection was possible.
    const refused =
      error instanceof TypeError && (error.cause as { code?: string } | undefined)?.code === 'ECONNREFUSED';
    return { answers: refused ? 'nobody' : 'other' };
  }
  const info: unknown = response.ok ? await response.json().catch(() => null) : null;
  if (!isInfo(info) || info.config.name !== ari.systemName) return { answers: 'other' };
  return { answers: 'ours', version: info.system.version, startedAt: Date.parse(info.status.startup_time) };
}

interface AsteriskInfo {
  system: { version: string };
  config: { name: string };
  status: { startup_time: string };
}

function isInfo(value: unknown): value is AsteriskInfo {
  const info = value as Partial<AsteriskInfo> | null;
  return (
    typeof info?.system?.version === 'string' &&
    typeof info.config?.name === 'string' &&
    typeof info.status?.startup_time === 'string'
  );
}

function placeholderValues(dir: string, options: InstanceOptions) {
  const loopback = options.bind === '127.0.0.1';
  const hash = createHash('sha256').update(`${options.systemName} ${dir}`).digest('hex');
  return {
    DIR: dir,
    MODULES_DIR: options.tree.modulesDir,
    SYSTEM_NAME: options.systemName,
    // A locally administered MAC address.
    ENTITY_ID: ['02', ...(hash.slice(0, 10).match(/../g) ?? [])].join(':'),
    MAX_FILES: String(maxFiles()),
    BIND: options.bind,
    SIP_PORT: String(options.sipPort),
    SIP_TLS_PORT: String(options.sipPort + 1),
    ARI_PORT: String(options.ariPort),
    RTP_START: String(options.rtpStart),
    RTP_END: String(options.rtpEnd),
    ARI_USER: options.ariUser,
    ARI_PASSWORD: options.ariPassword,
    TRUNK_ADDRESSES: options.trunkAddresses.join(','),
    RTP_ON_LOOPBACK: loopback ? 'media_address = 127.0.0.1\nbind_rtp_to_media_address = yes' : '',
    RECORDINGS_DIR: resolve(options.recordingsDir),
    EMERGENCY_LOG: join(dir, 'spool', 'emergency.jsonl'),
    EMERGENCY_PROMPT: emergencyPrompt(options),
    ...(options.tls && { TLS_CERT: resolve(options.tls.cert), TLS_KEY: resolve(options.tls.key) }),
    ...(options.hotline && { HOTLINE: options.hotline }),
  };
}

/** Path without ending, as Playback wants it; Debian's own English words when no folder of ours has any. */
function emergencyPrompt(options: InstanceOptions): string {
  for (const folder of options.soundsDirs) {
    if (existsSync(folder) && readdirSync(folder).some((file) => file.startsWith('emergency-apology.')))
      return join(resolve(folder), 'emergency-apology');
  }
  return join(options.tree.dataDir, 'sounds/en_US_f_Allison/ss-noservice');
}

/** Asterisk warns when it asks for more open files than the system gives. */
function maxFiles(): number {
  const limit = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Math.min(65536, Number(limit?.[1] ?? 1024));
}

/** Replaces the file in one step; it may hold secrets, so only its owner reads it. */
function writeSecret(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
