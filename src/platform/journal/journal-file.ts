import type { Logger } from 'pino';
import type { Disk } from './disk.js';
import type { Journal, JournalEntry } from './journal-entry.js';

export interface JournalOptions {
  dir: string;
  /**
   * The state that a fresh process needs besides the entries that follow, as JSON: opens each new segment. Called at the
   * end of an `append`, when everything handed in so far is part of that state.
   */
  checkpoint: () => unknown;
  log: Logger;
  /** A new segment begins when the entries of the present one take more bytes. */
  segmentBytes?: number;
  /** How long a process that still holds the journal is waited for, ms. */
  lockWaitMs?: number;
  /** Between two tries of a write that failed, ms. */
  retryMs?: number;
  disk?: Disk;
}

export interface JournalHealth {
  /** `failing`: the disk takes no writes; entries wait in memory. */
  state: 'ok' | 'failing';
  /** `ENOSPC` and the like. */
  error: string | null;
  failingSince: number | null;
  entriesInMemory: number;
  lastId: number;
  syncedId: number;
}

/** Fold `entries` over `checkpoint` to have the state back. */
export interface JournalReplay {
  /** Null for a journal that has just begun. */
  readonly checkpoint: unknown;
  readonly entries: readonly JournalEntry[];
}

/** The journal as its owner and the applier see it. */
export interface JournalFile extends Journal {
  /** What the newest file held when it was opened; freed at the first append. */
  readonly replay: JournalReplay;
  /** Id of the newest entry; 0 before the first. */
  readonly lastId: number;
  /** Entries up to here survive a power loss; only these are applied to PostgreSQL. */
  readonly syncedId: number;
  /** Told after each group sync; returns how to stop listening. */
  onSynced(listener: () => void): () => void;
  /** Synced entries with a greater id, in order, from memory or files. */
  entriesAfter(id: number): AsyncIterable<JournalEntry>;
  /** Entries up to `id` are in PostgreSQL: their segments may go, the newest two always stay. */
  forget(id: number): void;
  /**
   * The next id becomes `id`. Only for a journal folder that was lost or is older than the database, and only after the
   * state was restored (a segment with its checkpoint begins). False when something was appended since the journal was
   * opened: then it is too late.
   */
  skipTo(id: number): boolean;
  health(): JournalHealth;
  /** Writes and syncs what it can, then lets another process open the journal. */
  close(): Promise<void>;
}
