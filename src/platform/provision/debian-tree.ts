import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkManifest, writeManifest } from './manifest.js';
import { waitForPidLock } from './pid-lock.js';
import { folderSize, run, UnsuccessfulRun } from './run.js';
import { type Report, SetupError } from './setup-error.js';
import type { TreeSpec } from './tree-spec.js';

export interface Tree {
  /** Absolute; the tree may be moved or shared, nothing in it names its own place. */
  readonly dir: string;
  /** `<package>_<version>_<architecture>.deb`, as unpacked. */
  readonly packages: readonly string[];
}

export interface TreeOptions {
  /** Shared by all clones of a user, see `cacheFolder`. */
  cacheDir: string;
  report: Report;
  env?: NodeJS.ProcessEnv;
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The unpacked tree of a spec: from the cache when it is there and whole, else downloaded from Debian. apt-get serves as
 * a downloader only, with state folders of its own: no root, no change to this machine; Debian's keyring on this
 * machine verifies the index, the index's hashes verify each package. Written beside its place and renamed, so a tree
 * in its place is complete. Two programs at once: the second waits for the first.
 * @throws SetupError no network, no apt-get, a package that is not offered
 */
export async function provideTree(spec: TreeSpec, options: TreeOptions): Promise<Tree> {
  const dir = treeFolder(spec, options.cacheDir);
  const found = await openTree(dir);
  if (found) return found;
  await mkdir(options.cacheDir, { recursive: true });
  const lock = await waitForPidLock(`${dir}.lock`, (pid) =>
    options.report(`等待进程 ${pid} 下载 ${spec.name} / waiting for process ${pid}, which downloads ${spec.name}`),
  );
  try {
    const meanwhile = await openTree(dir);
    if (meanwhile) return meanwhile;
    if (existsSync(dir)) {
      options.report(`${spec.name} 缓存损坏，重新下载 / the cached ${spec.name} is damaged: fetching it again`);
      await rm(dir, { recursive: true, force: true });
    }
    await fetchTree(spec, dir, options);
  } finally {
    await lock.release();
  }
  const tree = await openTree(dir);
  if (!tree) throw new Error(`the tree ${spec.name} was written but does not match its own list`);
  return tree;
}

/** The name holds a hash of the spec: another spec is another tree, an old one is never mistaken for it. */
export function treeFolder(spec: TreeSpec, cacheDir: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([spec, spec.suites.includes('host') ? hostSuite() : null]))
    .digest('hex');
  return join(cacheDir, `${spec.name}-${hash.slice(0, 12)}`);
}

async function openTree(dir: string): Promise<Tree | null> {
  if (!(await checkManifest(dir))) return null;
  const packages = (await readFile(join(dir, 'packages.txt'), 'utf8')).trim().split('\n');
  return { dir, packages };
}

async function fetchTree(
  spec: TreeSpec,
  dir: string,
  { cacheDir, report, env = process.env }: TreeOptions,
): Promise<void> {
  for (const tool of ['apt-get', 'dpkg-deb'])
    if (!onPath(tool, env))
      throw new SetupError(
        `本机没有 ${tool}，无法获取 ${spec.name}：请使用 Debian 12/13，或自行安装 ${spec.name} 并放入 PATH`,
        `${tool} is missing, ${spec.name} cannot be fetched: use Debian 12 or 13, or install ${spec.name} yourself so that it is on PATH`,
      );
  await removeLeftovers(cacheDir);
  const work = await mkdtemp(join(cacheDir, `tmp-${process.pid}-`));
  try {
    const apt = await prepareApt(work, env);
    const plan = await resolvePackages(spec, apt, report);
    await download(spec, plan, apt, report);
    const tree = join(work, 'tree');
    await unpack(spec, apt.archives, tree, report);
    await writeManifest(tree);
    await rename(tree, dir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Apt {
  args: string[];
  archives: string;
  sourceList: string;
  mirror: string;
  env: NodeJS.ProcessEnv;
}

async function prepareApt(work: string, env: NodeJS.ProcessEnv): Promise<Apt> {
  const archives = join(work, 'cache/archives');
  const sourceList = join(work, 'sources.list');
  const tmp = join(work, 'tmp');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(tmp);
  // An empty system: the closure then has every library, whatever this machine has installed.
  await writeFile(join(work, 'status'), '');
  const options = {
    'Dir::State': work,
    'Dir::State::lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::Cache::archives': archives,
    'Dir::Etc::sourcelist': sourceList,
    'Dir::Etc::sourceparts': '/nonexistent',
    'Dir::Etc::preferences': '/nonexistent',
    'Dir::Etc::preferencesparts': '/nonexistent',
    'Debug::NoLocking': '1',
    // As root apt would drop to _apt, which cannot enter a cache below a 0700 home.
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': '0',
    'APT::Update::Post-Invoke-Success': '',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  const args = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const aptEnv = { ...env, LC_ALL: 'C', TMPDIR: tmp };
  return { args: ['-qq', ...args], archives, sourceList, mirror: await mirrorOf(env), env: aptEnv };
}

/** The Debian mirror that this machine's own apt uses, unless DEBIAN_MIRROR names another. */
async function mirrorOf(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.DEBIAN_MIRROR) return env.DEBIAN_MIRROR.replace(/\/+$/, '');
  const uris = await run('apt-get', ['-o', 'Debug::NoLocking=1', '--print-uris', 'update'], { env });
  const mirror = /^'(\S+\/debian)\/*\/dists\//m.exec(uris)?.[1];
  if (mirror) return mirror;
  throw new SetupError(
    '本机 apt 没有 Debian 软件源：请设置 DEBIAN_MIRROR 为一个 Debian 镜像地址',
    "this machine's apt has no Debian source: set DEBIAN_MIRROR to the address of a Debian mirror",
  );
}

function hostSuite(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1];
  const suite = field('VERSION_CODENAME');
  if (field('ID') === 'debian' && suite) return suite;
  throw new SetupError(
    '本机不是 Debian：无法获取其浏览器',
    'this machine does not run Debian: its browser cannot be fetched',
  );
}

/** Package names to be unpacked and their bytes, from the first suite that has them all. */
async function resolvePackages(spec: TreeSpec, apt: Apt, report: Report): Promise<{ names: string[]; bytes: number }> {
  let cause: unknown;
  for (const wanted of spec.suites) {
    const suite = wanted === 'host' ? hostSuite() : wanted;
    report(`正在读取 Debian ${suite} 的软件包目录（${spec.name}） / reading Debian's index ${suite} for ${spec.name}`);
    await writeFile(apt.sourceList, `deb [signed-by=${keyring}] ${apt.mirror} ${suite} main\n`);
    try {
      await run('apt-get', [...apt.args, 'update'], { env: apt.env });
    } catch (error) {
      throw noNetwork(spec, error);
    }
    try {
      const listing = await run('apt-get', [...apt.args, '-y', '--print-uris', 'install', ...spec.packages], {
        env: apt.env,
      });
      return choose(listing, spec);
    } catch (error) {
      cause = error;
    }
  }
  throw new SetupError(
    `Debian 软件源缺少 ${spec.packages.join(' ')}：请更换 DEBIAN_MIRROR，或自行安装`,
    `the Debian mirror does not offer ${spec.packages.join(' ')}: set DEBIAN_MIRROR to another one, or install it yourself`,
    { cause },
  );
}

function choose(listing: string, spec: TreeSpec): { names: string[]; bytes: number } {
  const keep = new RegExp(spec.keep);
  const drop = new RegExp(spec.drop);
  const chosen = [...listing.matchAll(/^'\S+' (\S+?)_\S+ (\d+) /gm)].flatMap(([, name = '', bytes]) =>
    keep.test(name) && !drop.test(name) ? [{ name, bytes: Number(bytes) }] : [],
  );
  return { names: chosen.map(({ name }) => name), bytes: chosen.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function download(
  spec: TreeSpec,
  plan: { names: string[]; bytes: number },
  apt: Apt,
  report: Report,
): Promise<void> {
  const total = megabytes(plan.bytes);
  const progress = () => {
    const size = megabytes(folderSize(apt.archives));
    report(`下载 ${spec.name}：${size} / ${total} MB（downloading ${spec.name}）`);
  };
  progress();
  try {
    await run('apt-get', [...apt.args, 'download', ...plan.names], {
      env: apt.env,
      cwd: apt.archives,
      everySecond: progress,
    });
  } catch (error) {
    throw noNetwork(spec, error);
  }
}

function noNetwork(spec: TreeSpec, cause: unknown): SetupError {
  const said = cause instanceof UnsuccessfulRun ? cause.lastLine : String(cause);
  return new SetupError(
    `无法从 Debian 软件源下载 ${spec.name}：首次运行需要联网；检查网络，或设置 DEBIAN_MIRROR`,
    `${spec.name} could not be downloaded: the first run needs the network; check it, or set DEBIAN_MIRROR to a reachable Debian mirror (apt: ${said})`,
    { cause },
  );
}

async function unpack(spec: TreeSpec, archives: string, tree: string, report: Report): Promise<void> {
  const debs = (await readdir(archives)).filter((file) => file.endsWith('.deb')).sort();
  await mkdir(tree);
  let told = Date.now();
  for (const [index, deb] of debs.entries()) {
    await run('dpkg-deb', ['-x', join(archives, deb), tree], {});
    if (Date.now() - told < 1000) continue;
    told = Date.now();
    report(`解包 ${spec.name}：${index + 1} / ${debs.length}（unpacking ${spec.name}）`);
  }
  for (const folder of spec.prune) await rm(join(tree, folder), { recursive: true, force: true });
  const missing = spec.proof.filter((file) => !existsSync(join(tree, file)));
  if (missing.length > 0) throw new Error(`Debian's packages for ${spec.name} hold no ${missing.join(', ')}`);
  await writeFile(join(tree, 'packages.txt'), `${debs.map(decodeURIComponent).join('\n')}\n`);
}

/** Work folders of fetches that were killed: their process id is in the name. */
async function removeLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const pid = /^tmp-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

function onPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, program)));
}
