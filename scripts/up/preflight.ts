import { createSocket } from 'node:dgram';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import postgres from 'postgres';
import { type Config, ConfigError } from '../../src/config.js';
import { SetupError } from '../../src/platform/provision/setup-error.js';

const isLoopback = (address: string) => address === 'localhost' || address === '::1' || /^127\./.test(address);

/** Wrong or dangerous settings, found before anything is written. */
export function checkSettings(config: Config): void {
  const ports = portsOf(config);
  for (const [index, { variable, port, udp }] of ports.entries()) {
    const same = ports.slice(0, index).find((other) => other.port === port);
    if (same) throw new ConfigError(variable, `is ${port} like ${same.variable}: every port must be another.`);
    // RTP is UDP: a port for TCP may have the same number.
    if (udp && port >= config.RTP_START && port <= config.RTP_END)
      throw new ConfigError(variable, `lies within RTP_START–RTP_END (${config.RTP_START}–${config.RTP_END}).`);
  }
  if (isLoopback(config.BIND)) return;
  const lacking = [
    config.TLS_CERT ? '' : 'TLS_CERT',
    config.TLS_KEY ? '' : 'TLS_KEY',
    config.TRUNK_ADDRESSES.split(',').every((address) => isLoopback(address.trim())) ? 'TRUNK_ADDRESSES' : '',
  ].filter((name) => name !== '');
  if (lacking.length > 0)
    throw new SetupError(
      `BIND=${config.BIND} 会向网络开放，但还缺少 ${lacking.join('、')}：请先设置，或去掉 BIND 只在本机使用`,
      `BIND=${config.BIND} opens the hotline to a network, which needs ${lacking.join(', ')}: set them, or leave BIND out to stay on this machine`,
    );
  for (const [variable, file] of [
    ['TLS_CERT', config.TLS_CERT],
    ['TLS_KEY', config.TLS_KEY],
  ] as const)
    checkPem(variable, file ?? '');
}

function checkPem(variable: string, file: string): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(variable, `names ${file}, which cannot be read.`);
  }
  if (!text.includes('-----BEGIN ')) throw new ConfigError(variable, `names ${file}, which is no PEM file.`);
}

/** A folder that can be written to, with room for what is still to come. */
export function checkFolder(variable: string, folder: string, bytes: number): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SetupError(
      `无法写入 ${folder}：请修正权限，或将 ${variable} 设为可写的目录`,
      `${folder} cannot be written to: mend its permissions, or set ${variable} to another folder`,
      { cause: error },
    );
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  const [free, need] = [bavail * bsize, bytes].map((size) => Math.ceil(size / 1e6));
  throw new SetupError(
    `磁盘空间不足：${folder} 剩余 ${free} MB，需要 ${need} MB；请清理，或将 ${variable} 设到其他磁盘`,
    `not enough room on the disk: ${folder} has ${free} MB left, ${need} MB are needed; make room, or set ${variable} to another disk`,
  );
}

/** Step by step: below /proc Node's own recursive mkdir never returns. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

interface PortUse {
  variable: string;
  port: number;
  address: string;
  udp: boolean;
}

function portsOf(config: Config): PortUse[] {
  const tcp = (variable: string, port: number, address = '127.0.0.1') => ({ variable, port, address, udp: false });
  return [
    tcp('HTTP_PORT', config.HTTP_PORT, config.BIND),
    tcp('SERVER_PORT', config.SERVER_PORT),
    { variable: 'SIP_PORT', port: config.SIP_PORT, address: config.BIND, udp: true },
    tcp('ARI_PORT', config.ARI_PORT),
    ...(config.DATABASE_URL ? [] : [tcp('POSTGRES_PORT', config.POSTGRES_PORT)]),
  ];
}

/** Every port that will be listened on is free now. Asterisk itself would run on without a port that it did not get. */
export async function checkPorts(config: Config): Promise<void> {
  for (const use of portsOf(config)) {
    const code = (await tryTcp(use)) ?? (use.udp ? await tryUdp(use) : null);
    if (code === null) continue;
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EINVAL')
      throw new ConfigError('BIND', `is ${use.address}, which is no address of this machine.`);
    if (code === 'EACCES')
      throw new SetupError(
        `无权使用端口 ${use.port}：请将 ${use.variable} 设为 1024 以上的端口`,
        `port ${use.port} needs root: set ${use.variable} to one above 1023`,
      );
    throw new SetupError(
      `端口 ${use.port} 已被占用：请停止占用它的程序，或将 ${use.variable} 设为其他端口`,
      `port ${use.port} is taken: stop the program that uses it, or set ${use.variable} to another port`,
    );
  }
}

function tryTcp({ port, address }: PortUse): Promise<string | null> {
  const server = createServer();
  return new Promise((answer) => {
    server.once('error', (error: NodeJS.ErrnoException) => answer(error.code ?? 'error'));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => answer(null)));
  });
}

function tryUdp({ port, address }: PortUse): Promise<string | null> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  return new Promise((answer) => {
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code ?? 'error'));
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => answer(null)));
  });
}

const oldestPostgres = 15;

/** With DATABASE_URL: it answers, and is new enough. The URL may hold a password and is never repeated. */
export async function checkDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    const [row] = await sql<{ version: string }[]>`SELECT current_setting('server_version_num') AS version`;
    const major = Math.floor(Number(row?.version) / 10_000);
    if (major < oldestPostgres)
      throw new ConfigError('DATABASE_URL', `leads to PostgreSQL ${major}, at least ${oldestPostgres} is needed.`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'no answer';
    throw new SetupError(
      `DATABASE_URL 指向的 PostgreSQL 无法连接（${code}）：请检查该变量，或去掉它以使用自带的数据库`,
      `the PostgreSQL of DATABASE_URL cannot be used (${code}): check it, or leave it out to use the one that comes along`,
      { cause: error },
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Room that is still needed: the first start downloads Asterisk and makes the database. */
export const neededBytes = (asteriskThere: boolean, dataDir: string): number =>
  (asteriskThere ? 0 : 600e6) + (existsSync(`${dataDir}/postgres`) ? 100e6 : 400e6);
