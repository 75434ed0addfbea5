/**
 * The journal is the one place where what happens to calls, queues and seats is written first: an append-only file of
 * JSON lines on the local disk. Entries are then applied to PostgreSQL in order, exactly once, and pushed to consoles;
 * the entry's id is both the order of application and the `seq` of live messages.
 */

/** One written entry. `data` may hold personal data: the file is readable by its owner only and never goes into logs. */
export interface JournalEntry<Type extends string = string, Data = unknown> {
  /** 1, 2, 3 … without gaps over the whole life of the installation, also across restarts. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `<room>.<whatHappened>`, past tense: `call.arrived`. */
  readonly type: Type;
  readonly data: Data;
}

/** What is handed in: the journal gives the id. */
export type NewEntry<E extends JournalEntry = JournalEntry> = Omit<E, 'id'>;

export interface Journal {
  /**
   * Writes the entries (one write, all or none) before it returns; they survive a kill -9 of this process at once and
   * a power loss after the next `synced`. Never throws for a full disk: entries are then kept in memory, in order,
   * until writing works again, and the failure is logged as `error`.
   */
  append(entries: readonly NewEntry[]): JournalEntry[];
  /** Resolves when everything appended so far is on the disk (group fdatasync). */
  synced(): Promise<void>;
}
