import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type AsteriskTree, installedTree, unpackedTree } from '../asterisk/instance.js';
import { provideTree, type Tree, type TreeOptions } from './debian-tree.js';
import { SetupError } from './setup-error.js';
import { asteriskTree, chromiumTree, espeakTree } from './tree-spec.js';

/** What to give to `spawn`; `env` is to be added to the environment, not to replace it. */
export interface Command {
  file: string;
  args: string[];
  env: Record<string, string>;
}

export interface AsteriskProgram {
  /** `tree`: Debian's packages unpacked in the cache; `host`: the one on PATH. */
  kind: 'tree' | 'host';
  /** `22.10.1` */
  version: string;
  /** The same for `renderInstance` and `asteriskCommand`. */
  tree: AsteriskTree;
  /** Holds `sounds/` and `moh/`. */
  dataDir: string;
  moduleDir: string;
  /** `args` are Asterisk's own: `['-C', file, '-f']`. */
  command(args: readonly string[]): Command;
}

const oldestAsterisk = 20;
const libraries = 'usr/lib/x86_64-linux-gnu';

/**
 * An Asterisk to run: the one on PATH, else Debian's from the cache or the network.
 * @throws SetupError when the one on PATH is too old, or none can be fetched
 */
export async function provideAsterisk(options: TreeOptions): Promise<AsteriskProgram> {
  const onPath = findOnPath('asterisk', options.env ?? process.env);
  return onPath ? hostAsterisk(onPath) : treeAsterisk(await provideTree(asteriskTree, options));
}

async function hostAsterisk(file: string): Promise<AsteriskProgram> {
  const { stdout } = await promisify(execFile)(file, ['-V']);
  const version = /Asterisk (?:certified[/-])?(\d+(?:\.\d+)+)/.exec(stdout)?.[1] ?? '0';
  if (Number.parseInt(version, 10) < oldestAsterisk)
    throw new SetupError(
      `PATH 上的 Asterisk（${file}）版本 ${version} 过旧，需要 ≥ ${oldestAsterisk}：请升级，或将其移出 PATH 以使用 Debian 软件包`,
      `the Asterisk on PATH (${file}) is ${version}, at least ${oldestAsterisk} is needed: upgrade it, or take it off PATH and Debian's packages are used`,
    );
  const prefix = dirname(dirname(file));
  const moduleDir = firstExisting('its modules', [
    join(prefix, 'lib/x86_64-linux-gnu/asterisk/modules'),
    join(prefix, 'lib64/asterisk/modules'),
    join(prefix, 'lib/asterisk/modules'),
  ]);
  const dataDir = firstExisting('its sounds', [
    join(prefix, 'share/asterisk'),
    join(prefix, 'var/lib/asterisk'),
    '/var/lib/asterisk',
  ]);
  const tree = installedTree(file, moduleDir, dataDir);
  return { kind: 'host', version, tree, moduleDir, dataDir, command: (args) => ({ file, args: [...args], env: {} }) };
}

function firstExisting(what: string, folders: string[]): string {
  const found = folders.find((folder) => existsSync(folder));
  if (found) return found;
  throw new SetupError(
    `PATH 上的 Asterisk 不完整（找不到 ${folders.join('、')}）：请完整安装，或将其移出 PATH`,
    `the Asterisk on PATH lacks ${what} (looked in ${folders.join(', ')}): install it completely, or take it off PATH`,
  );
}

function treeAsterisk(tree: Tree): AsteriskProgram {
  const unpacked = unpackedTree(tree.dir);
  return {
    kind: 'tree',
    version: versionOf(tree, 'asterisk'),
    tree: unpacked,
    dataDir: unpacked.dataDir,
    moduleDir: unpacked.modulesDir,
    command: (args) => throughOwnLoader(tree, 'usr/sbin/asterisk', args),
  };
}

/** Debian's espeak-ng, for prompts made at set-up. */
export async function provideEspeak(options: TreeOptions): Promise<{ command(args: readonly string[]): Command }> {
  const tree = await provideTree(espeakTree, options);
  return {
    command: (args) => {
      const command = throughOwnLoader(tree, 'usr/bin/espeak-ng', args);
      return { ...command, env: { ...command.env, ESPEAK_DATA_PATH: join(tree.dir, libraries) } };
    },
  };
}

/**
 * Debian's Chromium with a Chinese font, for tests: start `file` with `env` added (playwright: `executablePath`, `env`).
 * Needs `--no-sandbox` as root.
 */
export async function provideChromium(
  options: TreeOptions,
): Promise<{ file: string; env: Record<string, string>; version: string }> {
  const tree = await provideTree(chromiumTree, options);
  const fontsConf = join(tree.dir, 'fontconfig/fonts.conf');
  const content = fontsConfig(tree.dir);
  if (!existsSync(fontsConf) || readFileSync(fontsConf, 'utf8') !== content) {
    mkdirSync(dirname(fontsConf), { recursive: true });
    writeFileSync(fontsConf, content);
  }
  const folders = [libraries, `${libraries}/pulseaudio`, 'lib/x86_64-linux-gnu', 'usr/lib/chromium', 'usr/lib'].map(
    (folder) => join(tree.dir, folder),
  );
  return {
    file: join(tree.dir, 'usr/lib/chromium/chromium'),
    env: { LD_LIBRARY_PATH: folders.join(':'), FONTCONFIG_FILE: fontsConf },
    version: versionOf(tree, 'chromium'),
  };
}

/** Names absolute places, so it is written where the tree is now: fontconfig takes no cache folder relative to its file. */
const fontsConfig = (tree: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${tree}/usr/share/fonts</dir>
  <cachedir>${tree}/fontconfig/cache</cachedir>
</fontconfig>
`;

function throughOwnLoader(tree: Tree, program: string, args: readonly string[]): Command {
  const path = (name: string) => join(tree.dir, name);
  return {
    file: path('usr/lib64/ld-linux-x86-64.so.2'),
    args: [
      '--argv0',
      program.slice(program.lastIndexOf('/') + 1),
      '--library-path',
      [libraries, `${libraries}/pulseaudio`, 'usr/lib'].map(path).join(':'),
      path(program),
      ...args,
    ],
    env: { OPENSSL_MODULES: path(`${libraries}/ossl-modules`), GCONV_PATH: path(`${libraries}/gconv`) },
  };
}

/** Upstream's part of a package's version: `1:22.10.1+dfsg-1` → `22.10.1`. */
function versionOf(tree: Tree, name: string): string {
  const file = tree.packages.find((entry) => entry.startsWith(`${name}_`));
  return /_(?:\d+:)?(\d+(?:\.\d+)*)/.exec(file ?? '')?.[1] ?? 'unknown';
}

function findOnPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}
