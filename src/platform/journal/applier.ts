import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Db, Tx } from '../postgres/client.js';
import { isConnectionError, pgErrorOf } from '../postgres/pg-error.js';
import type { JournalEntry } from './journal-entry.js';
import type { JournalFile } from './journal-file.js';
import { movePosition, putAside, readPosition } from './journal-store.js';
import { JournalError } from './segment.js';

/**
 * By entry type: writes what one entry says into tables. Runs exactly once per entry, in the journal's order; it must act
 * through `tx` only. A method's bivariance lets a room give its own, narrower entry types: each gets entries of its type only.
 */
export type Projections = {
  readonly [type: string]: { project(tx: Tx, entry: JournalEntry): Promise<void> }['project'];
};

export interface ApplierOptions {
  db: Db;
  journal: JournalFile;
  /** Several rooms may project the same type: theirs run in this order, in one transaction. */
  projections: readonly Projections[];
  log: Logger;
  /** Runs before the first contact and is retried like it: brings the schema up to date. */
  prepare?: () => Promise<void>;
  /** Told after each committed batch. */
  onApplied?: (entries: readonly JournalEntry[]) => void;
  /** Entries per transaction at most. */
  batchSize?: number;
  /** First and longest wait between tries, ms. */
  retryMs?: { first: number; longest: number };
}

export interface ApplierHealth {
  /** `waiting`: PostgreSQL does not answer, tried again for ever. `refused`: a person must act, see `problem`. */
  state: 'starting' | 'applying' | 'waiting' | 'refused' | 'stopped';
  appliedId: number;
  /** Entries not yet applied. */
  behind: number;
  waitingSince: number | null;
  problem: string | null;
}

/** Applies the journal to PostgreSQL, for ever; whoever reads tables right after an append awaits `applied` first. */
export class JournalApplier {
  readonly #options: ApplierOptions;
  readonly #waiters: { id: number; done: () => void }[] = [];
  readonly #stop = new AbortController();
  #state: ApplierHealth['state'] = 'starting';
  #position: number | null = null;
  #appliedId = 0;
  #waitingSince: number | null = null;
  #problem: string | null = null;
  #running: Promise<void> | null = null;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** Returns before anything is done. */
  start(): void {
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** The transaction under way is finished first. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#state !== 'refused') this.#state = 'stopped';
  }

  /** Resolves when the entry is in PostgreSQL; for an outage that is long: set a limit of your own. */
  applied(id: number): Promise<void> {
    if (this.#appliedId >= id) return Promise.resolve();
    return new Promise((done) => this.#waiters.push({ id, done }));
  }

  health(): ApplierHealth {
    return {
      state: this.#state,
      appliedId: this.#appliedId,
      behind: Math.max(0, this.#options.journal.lastId - this.#appliedId),
      waitingSince: this.#waitingSince,
      problem: this.#problem,
    };
  }

  async #run(): Promise<void> {
    const { log, retryMs = { first: 100, longest: 5000 } } = this.#options;
    let wait = retryMs.first;
    while (!this.#stop.signal.aborted) {
      try {
        this.#position ??= await this.#begin();
        await this.#catchUp(this.#position);
        wait = retryMs.first;
        await this.#news();
      } catch (error) {
        // Whether a lost commit went through is not known: the position is read again.
        this.#position = null;
        if (!isConnectionError(error)) {
          this.#refuse(error);
          return;
        }
        if (this.#state !== 'waiting') {
          this.#state = 'waiting';
          this.#waitingSince = Date.now();
          log.error({ code: pgErrorOf(error)?.code }, 'postgresql is away; calls go on from the journal');
        }
        await delay(wait, undefined, { signal: this.#stop.signal }).catch(ignoreAbort);
        wait = Math.min(wait * 2, retryMs.longest);
      }
    }
  }

  #refuse(error: unknown): void {
    this.#state = 'refused';
    this.#problem = error instanceof Error ? `${error.name}${pgErrorOf(error) ? '' : `: ${error.message}`}` : 'unknown';
    this.#options.log.error({ err: error }, 'the journal can no longer be applied to postgresql');
  }

  async #begin(): Promise<number> {
    const { db, journal, log, prepare } = this.#options;
    await prepare?.();
    const position = await readPosition(db);
    if (position > journal.lastId) {
      if (!journal.skipTo(position + 1))
        throw new JournalError(
          `the database has entries up to ${position}, the journal only up to ${journal.lastId}: its folder was lost or restored from an older copy. Restart the server while PostgreSQL is reachable`,
        );
      log.warn({ position }, 'the journal folder is new or older than the database; it goes on behind it');
    }
    if (this.#state === 'waiting') log.info({ behind: journal.lastId - position }, 'postgresql is back');
    this.#state = 'applying';
    this.#waitingSince = null;
    this.#reached(position);
    return position;
  }

  async #catchUp(from: number): Promise<void> {
    const { journal, batchSize = 200 } = this.#options;
    let batch: JournalEntry[] = [];
    let position = from;
    const flush = async () => {
      const last = batch.at(-1);
      if (!last) return;
      if (batch[0] && batch[0].id !== position + 1)
        this.#options.log.error({ from: position + 1, to: batch[0].id - 1 }, 'journal entries are missing');
      await this.#apply(position, batch);
      position = last.id;
      this.#position = last.id;
      this.#tell(batch);
      this.#reached(last.id);
      batch = [];
    };
    for await (const entry of journal.entriesAfter(from)) {
      batch.push(entry);
      if (batch.length >= batchSize) await flush();
      if (this.#stop.signal.aborted) return;
    }
    await flush();
    journal.forget(position);
  }

  async #apply(from: number, batch: readonly JournalEntry[]): Promise<void> {
    try {
      await this.#transaction(from, batch, (tx, entry) => this.#project(tx, entry));
    } catch (error) {
      if (isConnectionError(error) || error instanceof JournalError) throw error;
      await this.#transaction(from, batch, (tx, entry) => this.#projectOrPutAside(tx, entry));
    }
  }

  async #transaction(
    from: number,
    batch: readonly JournalEntry[],
    project: (tx: Tx, entry: JournalEntry) => Promise<void>,
  ): Promise<void> {
    await this.#options.db.transaction(async (tx) => {
      if (!(await movePosition(tx, from, batch.at(-1)?.id ?? from)))
        throw new JournalError('another process applies its journal to this database');
      for (const entry of batch) await project(tx, entry);
    });
  }

  async #project(tx: Tx, entry: JournalEntry): Promise<void> {
    for (const projections of this.#options.projections) {
      if (Object.hasOwn(projections, entry.type)) await projections[entry.type]?.(tx, entry);
    }
  }

  async #projectOrPutAside(tx: Tx, entry: JournalEntry): Promise<void> {
    try {
      await tx.transaction((savepoint) => this.#project(savepoint, entry));
    } catch (error) {
      if (isConnectionError(error)) throw error;
      const { id, type } = entry;
      this.#options.log.error(
        { err: error, entryId: id, type },
        'journal entry put aside: no projection could take it',
      );
      await putAside(tx, entry, pgErrorOf(error)?.code ?? (error instanceof Error ? error.name : 'unknown'));
    }
  }

  /** The batch is committed: a listener's failure must not stop the next. */
  #tell(batch: readonly JournalEntry[]): void {
    try {
      this.#options.onApplied?.(batch);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a listener of applied entries failed');
    }
  }

  #reached(id: number): void {
    this.#appliedId = id;
    const waiting = this.#waiters.splice(0);
    for (const waiter of waiting) {
      if (waiter.id <= id) waiter.done();
      else this.#waiters.push(waiter);
    }
  }

  /** Until entries were synced that are not applied, or `stop`. */
  #news(): Promise<void> {
    const { journal } = this.#options;
    return new Promise((done) => {
      const finish = () => {
        stopListening();
        this.#stop.signal.removeEventListener('abort', finish);
        done();
      };
      const stopListening = journal.onSynced(() => {
        if (journal.syncedId > (this.#position ?? 0)) finish();
      });
      this.#stop.signal.addEventListener('abort', finish);
      if (journal.syncedId > (this.#position ?? 0) || this.#stop.signal.aborted) finish();
    });
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}
