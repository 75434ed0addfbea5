import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { watchFolder } from '../platform/files/watch-folder.js';
import { decodeWav, encodeWav, promptRate, resample, toPcm16, WavError } from './prompt-audio.js';
import type { Language } from './spoken.js';

const languages: readonly Language[] = ['zh', 'en'];
/**
 * What Asterisk plays as it is: linear sound only. After a prompt in a coded form (A-law and the like) the recorder loses the
 * agent's side of most calls; see docs/decisions/0001-recording.md.
 */
const playable = ['.wav', '.sln'];
const longestRecordingBytes = 100 * 1024 * 1024;

export interface PromptLibraryOptions {
  /** Folder with `zh/` and `en/`: the sound files that are shipped. */
  shippedDir: string;
  /** The same of the city's own recordings, which win: `DATA_DIR/prompts`. WAVs of any rate go in; `ready/` below is ours. */
  ownDir: string;
  log: Logger;
}

/**
 * The sound files of prompts, by name and language. Asterisk plays WAV only at 8 kHz, 16 bits, mono and in silence otherwise: so the
 * city's recordings are brought to that form once, below `ready/`, and again when they change.
 */
export class PromptLibrary {
  readonly #options: PromptLibraryOptions;
  /** `zh/welcome` → path without ending. */
  #files = new Map<string, string>();
  readonly #missing = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  #refreshing: Promise<void> = Promise.resolve();

  private constructor(options: PromptLibraryOptions) {
    this.#options = { ...options, shippedDir: resolve(options.shippedDir), ownDir: resolve(options.ownDir) };
  }

  /** Reads what is there; recordings that are new since the last run are converted first (some 50 ms each). */
  static async open(options: PromptLibraryOptions): Promise<PromptLibrary> {
    const library = new PromptLibrary(options);
    for (const language of languages) mkdirSync(join(library.#options.ownDir, language), { recursive: true });
    await library.refresh();
    return library;
  }

  /** Follows changes of both folders until `close`. */
  watch(): void {
    for (const dir of [this.#options.shippedDir, this.#options.ownDir])
      for (const language of languages)
        this.#stops.push(watchFolder(join(dir, language), () => void this.refresh(), this.#options.log));
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Called after each refresh. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  has(name: string, language: Language): boolean {
    return this.#files.has(`${language}/${name}`);
  }

  /**
   * What Asterisk plays for a prompt: `sound:/absolute/path/without-ending`. Without a file in this language the other one's; with
   * none at all the path where it should be (Asterisk then says that the playback failed, and the call goes on).
   */
  resolve(name: string, language: Language): string {
    const other = language === 'zh' ? 'en' : 'zh';
    const file = this.#files.get(`${language}/${name}`) ?? this.#files.get(`${other}/${name}`);
    if (!file && !this.#missing.has(name)) {
      this.#missing.add(name);
      this.#options.log.warn({ prompt: name, language }, 'a prompt has no sound file');
    }
    return `sound:${file ?? join(this.#options.shippedDir, language, name)}`;
  }

  /** Folders, best first, in which the dialplan finds prompts of a language by name. */
  folders(language: Language): string[] {
    return [join(this.#options.ownDir, 'ready', language), join(this.#options.shippedDir, language)];
  }

  /** Looks at the folders again; one after the other when asked twice. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing
      .then(() => this.#read())
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'prompts could not be read again; the known ones stay');
      });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const { shippedDir, ownDir } = this.#options;
    const files = new Map<string, string>();
    for (const language of languages) {
      for (const { name, ext } of list(join(shippedDir, language)))
        if (playable.includes(ext)) files.set(`${language}/${name}`, join(shippedDir, language, name));
      const own = list(join(ownDir, language));
      const ready = join(ownDir, 'ready', language);
      mkdirSync(ready, { recursive: true });
      for (const { name, ext } of own) {
        if (ext === '.sln') files.set(`${language}/${name}`, join(ownDir, language, name));
        if (ext !== '.wav' || !this.#convert(join(ownDir, language, `${name}${ext}`), join(ready, `${name}.wav`)))
          continue;
        files.set(`${language}/${name}`, join(ready, name));
        await setImmediate();
      }
      const wavs = new Set(own.filter(({ ext }) => ext === '.wav').map(({ name }) => name));
      for (const { name, ext } of list(ready)) if (!wavs.has(name)) rmSync(join(ready, `${name}${ext}`));
    }
    this.#files = files;
    this.#missing.clear();
    for (const listener of this.#listeners) listener();
  }

  /** Makes the file that is played unless it is newer than the recording; false when the recording cannot be used. */
  #convert(from: string, to: string): boolean {
    try {
      const source = statSync(from);
      const made = statSync(to, { throwIfNoEntry: false });
      if (made && made.mtimeMs > source.mtimeMs) return true;
      if (source.size > longestRecordingBytes) throw new WavError('larger than 100 MB');
      const { samples } = resample(decodeWav(readFileSync(from)), promptRate);
      writeFileSync(`${to}.new`, encodeWav(toPcm16(samples)));
      renameSync(`${to}.new`, to);
      return true;
    } catch (error) {
      const cause = error instanceof WavError ? error.message : 'unreadable';
      this.#options.log.warn(
        { file: from, cause, ...(error instanceof WavError ? {} : { err: error }) },
        'a recorded prompt cannot be used',
      );
      if (existsSync(to)) rmSync(to);
      return false;
    }
  }
}

function list(dir: string): { name: string; ext: string }[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).map((file) => {
    const { name, ext } = parse(file);
    return { name, ext: ext.toLowerCase() === ext ? ext : '' };
  });
}
