import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { watchFolder } from '../platform/files/watch-folder.js';
import type { Menu } from './menu.js';
import { checkMenu, type Finding, type MenuSurroundings } from './menu-check.js';

export interface MenuVersion {
  /** First 16 hexadecimal digits of the SHA-256 of the file's text. */
  readonly version: string;
  readonly menu: Menu;
}

/** What an administrator may know of the menu file: for `GET /api/menu-status`. */
export interface MenuStatus {
  file: string;
  /** The version that new calls get. */
  version: string;
  /** `live`: the file is what callers hear. `refused`: the file has errors, the version before it stays. */
  state: 'live' | 'refused';
  /** When the file was last looked at, ms since the epoch. */
  checkedAt: number;
  /** Of the file as it is now. */
  findings: Finding[];
}

export interface MenuLoaderOptions {
  file: string;
  /** `DATA_DIR/menus`: every version that was live, as `<version>.yaml`. */
  versionsDir: string;
  /** Asked at each check, so that new queues and recordings are seen. */
  surroundings: () => Omit<MenuSurroundings, 'file'>;
  clock: () => number;
  log: Logger;
}

/** No menu at all can be had: the file has errors and no earlier version is kept. */
export class MenuError extends Error {
  override readonly name = 'MenuError';
  constructor(readonly findings: readonly Finding[]) {
    super(findings.map(({ file, line, cause, hint }) => `${file}:${line}: ${cause}. ${hint}`).join('\n'));
  }
}

/**
 * The menu that callers hear, and the versions before it that calls under way still walk through. A changed file is checked as a
 * whole and taken at once; one with errors changes nothing and is told once.
 */
export class MenuLoader {
  readonly #options: MenuLoaderOptions;
  readonly #versions = new Map<string, Menu>();
  readonly #listeners = new Set<(current: MenuVersion) => void>();
  #current: MenuVersion;
  #status: MenuStatus;
  #told = '';
  #stop: (() => void) | null = null;

  /**
   * Loads the file; when it has errors, the version that was live last.
   * @throws MenuError when there is neither
   */
  constructor(options: MenuLoaderOptions) {
    this.#options = { ...options, file: resolve(options.file) };
    mkdirSync(options.versionsDir, { recursive: true, mode: 0o700 });
    const found = this.#check();
    const last = found.current ?? this.#lastLive();
    if (!last) throw new MenuError(found.status.findings);
    this.#current = last;
    this.#status = { ...found.status, version: last.version };
    this.#keep(last, found.text);
    this.#tell(found.status.findings);
  }

  get current(): MenuVersion {
    return this.#current;
  }

  status(): MenuStatus {
    return this.#status;
  }

  /** A version that was live at some time, also before a restart; undefined when it is not known. */
  version(version: string): Menu | undefined {
    if (!/^[0-9a-f]{16}$/.test(version)) return undefined;
    const known = this.#versions.get(version);
    if (known) return known;
    const kept = this.#readKept(version);
    if (kept) this.#versions.set(version, kept);
    return kept;
  }

  /** Called with each new version that goes live. */
  onChange(listener: (current: MenuVersion) => void): void {
    this.#listeners.add(listener);
  }

  /** Follows changes of the file until `close`. The folder is watched: editors replace files. */
  watch(): void {
    this.#stop ??= watchFolder(dirname(this.#options.file), () => this.reload(), this.#options.log);
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
  }

  /** Looks at the file now; also to be called when queues or recordings changed. Never throws. */
  reload(): MenuStatus {
    const { current, text, status } = this.#check();
    const changed = current !== null && current.version !== this.#current.version;
    if (current && changed) {
      this.#current = current;
      this.#keep(current, text);
    }
    this.#status = { ...status, version: this.#current.version };
    this.#tell(status.findings);
    if (current && changed) {
      this.#options.log.info({ version: current.version }, 'a new menu is live');
      for (const listener of this.#listeners) listener(current);
    }
    return this.#status;
  }

  #check(): { current: MenuVersion | null; text: string; status: MenuStatus } {
    const { file, surroundings, clock } = this.#options;
    let text = '';
    let checked: ReturnType<typeof checkMenu>;
    try {
      text = readFileSync(file, 'utf8');
      checked = checkMenu(text, { file, ...surroundings() });
    } catch (error) {
      const cause = `无法读取菜单文件 / the menu file cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`;
      const hint = 'Put the file back, or set MENU_FILE.';
      checked = {
        menu: null,
        findings: [{ severity: 'error', code: 'yaml', file, line: 1, column: 1, cause, hint }],
      };
    }
    const { menu, findings } = checked;
    const version = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const state = menu ? 'live' : 'refused';
    const status: MenuStatus = { file, version, state, checkedAt: clock(), findings };
    return { current: menu && { version, menu }, text, status };
  }

  /** In memory, and on disk when it is the file's text. A disk that is full costs old calls their version, nothing else. */
  #keep({ version, menu }: MenuVersion, text: string): void {
    this.#versions.set(version, menu);
    if (createHash('sha256').update(text).digest('hex').slice(0, 16) !== version) return;
    const { versionsDir, log } = this.#options;
    try {
      for (const [name, content] of [
        [`${version}.yaml`, text],
        ['live', version],
      ] as const) {
        writeFileSync(join(versionsDir, `${name}.new`), content, { mode: 0o600 });
        renameSync(join(versionsDir, `${name}.new`), join(versionsDir, name));
      }
    } catch (error) {
      log.warn({ err: error, version }, 'a menu version could not be kept');
    }
  }

  #lastLive(): MenuVersion | null {
    const { versionsDir } = this.#options;
    if (!readdirSync(versionsDir).includes('live')) return null;
    const version = readFileSync(join(versionsDir, 'live'), 'utf8').trim();
    const menu = this.version(version);
    return menu ? { version, menu } : null;
  }

  /** A kept version went live once; only its form is checked again, queues and sounds may have changed. */
  #readKept(version: string): Menu | undefined {
    const file = join(this.#options.versionsDir, `${version}.yaml`);
    try {
      return checkMenu(readFileSync(file, 'utf8'), { file, queues: null, hasPrompt: null }).menu ?? undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#options.log.warn({ err: error, version }, 'a menu version could not be read');
      return undefined;
    }
  }

  /** The same findings are told once, not at every look. */
  #tell(findings: readonly Finding[]): void {
    const told = JSON.stringify(findings);
    if (told === this.#told) return;
    this.#told = told;
    for (const { severity, code, file, line, cause, hint } of findings)
      this.#options.log.warn({ severity, code, file, line, cause, hint }, 'the menu file has a finding');
  }
}
