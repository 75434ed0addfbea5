/** Debian programs that are unpacked beside the system instead of being installed: which packages, and how they run. */
export interface TreeSpec {
  readonly name: string;
  /** Tried in this order until one has all packages. `host`: the release that this machine itself runs. */
  readonly suites: readonly string[];
  readonly packages: readonly string[];
  /** Names of packages of the closure that are unpacked; the others (shells, init systems, perl) are not needed to run. */
  readonly keep: string;
  /** Exceptions from `keep`. */
  readonly drop: string;
  /** Folders of the tree that are deleted after unpacking. */
  readonly prune: readonly string[];
  /** Files that must be there afterwards, or the download is refused. */
  readonly proof: readonly string[];
}

const prune = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/lintian',
  'usr/share/bash-completion',
  'etc',
  'var',
];
const notNeeded = '^(libperl|libapt|libpam-|libc-bin|libdebconf|libc-gconv)';

/**
 * Run through the tree's own ld.so, so that nothing of the host's libraries matters. The English sounds are needed:
 * app_queue and SayDigits of the emergency queue speak with them where our own prompts have no file.
 */
export const asteriskTree: TreeSpec = {
  name: 'asterisk',
  suites: ['forky', 'sid'],
  packages: ['asterisk', 'asterisk-core-sounds-en-wav', 'asterisk-moh-opsound-wav'],
  keep: '^(lib|asterisk|zlib1g)',
  drop: notNeeded,
  prune,
  proof: ['usr/sbin/asterisk', 'usr/lib/x86_64-linux-gnu/asterisk/modules/chan_pjsip.so'],
};

/** Speech for prompts; also through the tree's own ld.so. */
export const espeakTree: TreeSpec = {
  name: 'espeak',
  suites: ['forky', 'sid'],
  packages: ['espeak-ng'],
  keep: '^(lib|espeak|zlib1g)',
  drop: notNeeded,
  prune,
  proof: ['usr/bin/espeak-ng'],
};

/**
 * Chromium for tests in a real browser. Its ICU data is not found through another release's ld.so, so it comes from the
 * host's own release and runs with LD_LIBRARY_PATH; the C library must then be the host's. The font shows Chinese.
 */
export const chromiumTree: TreeSpec = {
  name: 'chromium',
  suites: ['host'],
  packages: ['chromium', 'fonts-wqy-zenhei'],
  keep: '^(lib|chromium|fonts-|zlib1g|mesa)',
  drop: `${notNeeded}|^(libc6|libgcc-s1|libllvm|libgl1-mesa-dri|libsystemd-shared)`,
  prune: [...prune, 'usr/share/icons', 'usr/share/help'],
  proof: ['usr/lib/chromium/chromium', 'usr/share/fonts'],
};
