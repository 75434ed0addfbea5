import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type PidLock, tryPidLock } from '../provision/pid-lock.js';
import { type Disk, errorCode, realDisk, writeAll } from './disk.js';
import type { JournalEntry, NewEntry } from './journal-entry.js';
import type { JournalFile, JournalHealth, JournalOptions, JournalReplay } from './journal-file.js';
import { RecentLines } from './recent-lines.js';
import {
  appendLine,
  checkpointLine,
  JournalError,
  listSegments,
  parseAppend,
  readSegment,
  removeDrafts,
  type Segment,
  segmentFile,
  streamSegment,
} from './segment.js';

const keptSegments = 2;

/**
 * Opens the journal for this process alone; a lock left by a killed process is taken over at once.
 * @throws JournalError when another process holds it, or a file is damaged (names file and line)
 */
export async function openJournal(options: JournalOptions): Promise<JournalFile> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(join(options.dir, 'lock'), options.lockWaitMs ?? 3000);
  try {
    return new FileJournal(options, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function takeLock(file: string, waitMs: number): Promise<PidLock> {
  for (let waited = 0; ; waited += 50) {
    const lock = await tryPidLock(file);
    if ('release' in lock) return lock;
    if (waited >= waitMs)
      throw new JournalError(`the journal is in use by process ${lock.heldBy} (${file}); stop that process first`);
    await delay(50);
  }
}

class FileJournal implements JournalFile {
  readonly #options: JournalOptions;
  readonly #disk: Disk;
  readonly #lock: PidLock;
  readonly #recent = new RecentLines();
  readonly #listeners = new Set<() => void>();
  #fd: number;
  #segments: Segment[];
  #replay: JournalReplay = { checkpoint: null, entries: [] };
  #size: number;
  #rotateAt: number;
  #lastId: number;
  #writtenId: number;
  #syncedId: number;
  /** Size of the part of the file that is synced. */
  #syncedSize: number;
  /** Appended, not yet in the file; empty while the disk works. */
  #pending: Buffer[] = [];
  #failure: { code: string; since: number } | null = null;
  #retry: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | null = null;
  #retired: number[] = [];
  #appended = false;
  #closed = false;

  constructor(options: JournalOptions, lock: PidLock) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#lock = lock;
    removeDrafts(options.dir);
    this.#segments = listSegments(options.dir);
    const newest = this.#segments.at(-1);
    if (newest) {
      const content = readSegment(newest);
      if (content.tornBytes > 0)
        options.log.warn(
          { file: newest.file, bytes: content.tornBytes },
          'unfinished last line of the journal cut off',
        );
      this.#replay = { checkpoint: content.checkpoint, entries: content.entries };
      this.#fd = openSync(newest.file, 'r+');
      this.#size = content.size;
      this.#rotateAt = content.checkpointSize + this.#segmentBytes;
      this.#lastId = newest.firstId + content.entries.length - 1;
      // Or a shorter line written over a torn one would leave its end behind.
      ftruncateSync(this.#fd, this.#size);
      this.#disk.syncNow(this.#fd);
    } else {
      const { fd, size } = this.#create(1, null);
      this.#fd = fd;
      this.#size = size;
      this.#rotateAt = size + this.#segmentBytes;
      this.#lastId = 0;
    }
    this.#writtenId = this.#lastId;
    this.#syncedId = this.#lastId;
    this.#syncedSize = this.#size;
  }

  get replay(): JournalReplay {
    return this.#replay;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get syncedId(): number {
    return this.#syncedId;
  }

  get #segmentBytes(): number {
    return this.#options.segmentBytes ?? 16 * 1024 * 1024;
  }

  append(entries: readonly NewEntry[]): JournalEntry[] {
    if (this.#closed) throw new JournalError('the journal is closed');
    if (entries.length === 0) return [];
    const written = entries.map(({ at, type, data }, index) => ({ id: this.#lastId + 1 + index, at, type, data }));
    const line = appendLine(written);
    this.#pending.push(line);
    this.#recent.add(this.#lastId + 1, written.length, line);
    this.#lastId += written.length;
    if (!this.#appended) this.#replay = { checkpoint: null, entries: [] };
    this.#appended = true;
    this.#flush();
    return written;
  }

  synced(): Promise<void> {
    const wanted = this.#lastId;
    return new Promise((done) => {
      const stop = this.onSynced(() => check());
      const check = () => {
        if (this.#syncedId < wanted) return;
        stop();
        done();
      };
      check();
    });
  }

  onSynced(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async *entriesAfter(id: number): AsyncGenerator<JournalEntry> {
    const upTo = this.#syncedId;
    if (id >= upTo) return;
    if (!this.#recent.covers(id + 1)) {
      for (const segment of segmentsFrom(this.#segments, id + 1)) yield* streamSegment(segment, id, upTo);
      return;
    }
    for (const line of this.#recent.from(id + 1)) {
      for (const entry of parseAppend(line.toString())) {
        if (entry.id > id && entry.id <= upTo) yield entry;
      }
    }
  }

  forget(id: number): void {
    while (this.#segments.length > keptSegments) {
      const [oldest, next] = this.#segments;
      if (!oldest || !next || next.firstId - 1 > id) return;
      rmSync(oldest.file, { force: true });
      this.#segments.shift();
    }
  }

  skipTo(id: number): boolean {
    if (this.#appended || id <= this.#lastId) return false;
    if (id === this.#lastId + 1) return true;
    this.#lastId = id - 1;
    this.#writtenId = id - 1;
    this.#rotate(this.#options.checkpoint());
    return true;
  }

  health(): JournalHealth {
    return {
      state: this.#failure ? 'failing' : 'ok',
      error: this.#failure?.code ?? null,
      failingSince: this.#failure?.since ?? null,
      entriesInMemory: this.#lastId - this.#writtenId,
      lastId: this.#lastId,
      syncedId: this.#syncedId,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#syncing;
    if (this.#pending.length > 0)
      this.#options.log.error({ entries: this.#lastId - this.#writtenId }, 'journal closed with unwritten entries');
    for (const fd of [...this.#retired, this.#fd]) closeSync(fd);
    await this.#lock.release();
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = this.#pending.length === 1 ? (this.#pending[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pending);
    try {
      writeAll(this.#disk, this.#fd, bytes, this.#size);
    } catch (error) {
      this.#failed(error, 'journal cannot be written; entries are kept in memory');
      return;
    }
    this.#size += bytes.length;
    this.#pending = [];
    this.#writtenId = this.#lastId;
    this.#syncing ??= this.#syncAll();
    if (this.#size >= this.#rotateAt) this.#tryToRotate();
  }

  /** Syncs until nothing is left; whatever is appended during one sync shares the next. */
  async #syncAll(): Promise<void> {
    while (this.#syncedId < this.#writtenId) {
      const [fd, id, size] = [this.#fd, this.#writtenId, this.#size];
      try {
        await this.#disk.sync(fd);
        if (fd === this.#fd && id > this.#syncedId) {
          this.#syncedId = id;
          this.#syncedSize = size;
        }
        this.#recovered();
      } catch (error) {
        this.#failed(error, 'journal cannot be synced to the disk');
        if (this.#closed) break;
        await delay(this.#options.retryMs ?? 1000);
        this.#writeAgain();
      }
      for (const retired of this.#retired.splice(0)) closeSync(retired);
      this.#tell();
    }
    // Here, not when the promise settles: an append in between would find nobody to sync it.
    this.#syncing = null;
  }

  /** After a failed sync the kernel may take the pages for clean: writing them anew makes the next sync mean something. */
  #writeAgain(): void {
    const bytes = Buffer.alloc(this.#size - this.#syncedSize);
    try {
      readSync(this.#fd, bytes, 0, bytes.length, this.#syncedSize);
      writeAll(this.#disk, this.#fd, bytes, this.#syncedSize);
    } catch (error) {
      this.#failed(error, 'journal cannot be written again');
    }
  }

  #tryToRotate(): void {
    try {
      this.#rotate(this.#options.checkpoint());
    } catch (error) {
      // The present segment simply grows on; another try after a quarter more.
      this.#rotateAt = this.#size + this.#segmentBytes / 4;
      this.#options.log.error({ err: error }, 'no new journal segment could be begun');
    }
  }

  #rotate(checkpoint: unknown): void {
    this.#disk.syncNow(this.#fd);
    const { fd, size } = this.#create(this.#lastId + 1, checkpoint);
    // A sync of the old file may be under way in another thread: it is closed after that.
    if (this.#syncing) this.#retired.push(this.#fd);
    else closeSync(this.#fd);
    this.#fd = fd;
    this.#size = size;
    this.#syncedSize = size;
    this.#rotateAt = size + this.#segmentBytes;
    this.#syncedId = this.#writtenId;
    this.#tell();
  }

  /** A segment appears under its name only when its checkpoint is on the disk. */
  #create(firstId: number, checkpoint: unknown): { fd: number; size: number } {
    const file = segmentFile(this.#options.dir, firstId);
    const draft = `${file}.new`;
    const line = checkpointLine(checkpoint, firstId);
    const fd = openSync(draft, 'w+', 0o600);
    try {
      writeAll(this.#disk, fd, line, 0);
      this.#disk.syncNow(fd);
      renameSync(draft, file);
      syncFolder(this.#options.dir);
    } catch (error) {
      closeSync(fd);
      rmSync(draft, { force: true });
      throw error;
    }
    this.#segments.push({ file, firstId });
    return { fd, size: line.length };
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #failed(error: unknown, message: string): void {
    const code = errorCode(error);
    if (this.#failure?.code !== code) {
      this.#failure = { code, since: this.#failure?.since ?? Date.now() };
      this.#options.log.error({ code, dir: this.#options.dir }, message);
    }
    if (this.#closed || this.#pending.length === 0) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#flush(), this.#options.retryMs ?? 1000);
  }

  #recovered(): void {
    if (!this.#failure || this.#pending.length > 0) return;
    this.#failure = null;
    this.#options.log.info({ lastId: this.#lastId }, 'journal can be written again');
  }
}

function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Those that hold `id` or later ones. */
function segmentsFrom(segments: readonly Segment[], id: number): Segment[] {
  return segments.filter((_, index) => (segments[index + 1]?.firstId ?? Number.POSITIVE_INFINITY) > id);
}
