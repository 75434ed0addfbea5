import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Caller } from '../http/access.js';
import type { JournalEntry } from '../journal/journal-entry.js';
import type { JournalFile } from '../journal/journal-file.js';
import { closeCodes, type LiveMessage, type LiveType } from './live-message.js';

export interface LiveHubParts {
  readonly types: readonly LiveType[];
  /** What a console needs to draw itself; must be at the state of the newest published entry. */
  readonly snapshot: (viewer: Caller) => unknown;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Messages kept for consoles that come back. */
  readonly kept?: number;
  readonly heartbeatMs?: number;
  /** A console with more unsent bytes than this is too slow. */
  readonly bufferedBytes?: number;
  /** Whether the sign-in behind a token still holds; asked at every heartbeat. */
  readonly stillSignedIn?: (token: string) => Promise<boolean>;
}

interface Console {
  readonly socket: WebSocket;
  readonly viewer: Caller;
  readonly token: string | null;
  answered: boolean;
}

/** Of all kinds, when a process starts. */
const entriesLookedAt = 20_000;

/** Public entries by `seq`, to every console that may see them, and again to those that come back. */
export class LiveHub {
  readonly #parts: LiveHubParts;
  readonly #types: ReadonlyMap<string, LiveType>;
  readonly #consoles = new Set<Console>();
  #kept: JournalEntry[] = [];
  /** Every public entry after this one is in `#kept`. */
  #completeAfter = 0;
  #lastSeq = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(parts: LiveHubParts) {
    this.#parts = parts;
    this.#types = new Map(parts.types.map((type) => [type.type, type]));
  }

  /** Takes in what an earlier process published, before the first console comes. */
  async start(journal: Pick<JournalFile, 'entriesAfter' | 'lastId'>): Promise<void> {
    const { lastId } = journal;
    const older: JournalEntry[] = [];
    let first = lastId + 1;
    for await (const entry of journal.entriesAfter(Math.max(0, lastId - entriesLookedAt))) {
      if (entry.id > lastId) break;
      first = Math.min(first, entry.id);
      if (this.#types.has(entry.type)) older.push(entry);
    }
    this.#kept = [...older, ...this.#kept.filter(({ id }) => id > lastId)];
    this.#completeAfter = first - 1;
    this.#lastSeq = Math.max(this.#lastSeq, lastId);
    this.#heartbeat = setInterval(() => this.#beat(), this.#parts.heartbeatMs ?? 15_000);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#consoles.size;
  }

  /** Entries in the journal's order, right after they were appended. */
  publish(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.#keep(entry);
      const type = this.#types.get(entry.type);
      if (!type) continue;
      for (const console of this.#consoles) this.#deliver(console, type, entry);
    }
  }

  /** A console connects; `since` is the last `seq` it saw, null for one that is new. */
  attach(socket: WebSocket, viewer: Caller, token: string | null, since: number | null): void {
    const console: Console = { socket, viewer, token, answered: true };
    socket.on('pong', () => {
      console.answered = true;
    });
    socket.on('error', (error) => this.#parts.log.debug({ err: error }, 'a console connection failed'));
    socket.on('close', () => this.#consoles.delete(console));
    if (since === null || since < this.#completeAfter || since > this.#lastSeq) {
      const data = { snapshot: this.#parts.snapshot(viewer) };
      this.#send(console, { v: 1, seq: this.#lastSeq, at: this.#now(), type: 'reset', data });
    } else {
      for (const entry of this.#kept.slice(firstAfter(this.#kept, since))) {
        const type = this.#types.get(entry.type);
        if (type) this.#deliver(console, type, entry);
      }
    }
    if (socket.readyState === socket.OPEN) this.#consoles.add(console);
  }

  /** Closes the consoles of a sign-in that ended. */
  signedOut(token: string): void {
    for (const console of this.#consoles) {
      if (console.token === token) this.#letGo(console, closeCodes.signedOut, 'signed out');
    }
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const console of this.#consoles) this.#letGo(console, closeCodes.goingAway, 'the server is going away');
  }

  #keep(entry: JournalEntry): void {
    this.#lastSeq = entry.id;
    if (!this.#types.has(entry.type)) return;
    this.#kept.push(entry);
    const limit = this.#parts.kept ?? 5000;
    // Cut seldom: each cut copies.
    if (this.#kept.length < limit * 1.25) return;
    const surplus = this.#kept.length - limit;
    this.#completeAfter = this.#kept[surplus - 1]?.id ?? this.#completeAfter;
    this.#kept = this.#kept.slice(surplus);
  }

  #deliver(console: Console, type: LiveType, entry: JournalEntry): void {
    let data: unknown;
    try {
      data = type.audience(entry.data, console.viewer, entry);
    } catch (error) {
      this.#parts.log.error({ err: error, type: entry.type, seq: entry.id }, 'a live message could not be made');
      return;
    }
    if (data === null || data === undefined) return;
    this.#send(console, { v: 1, seq: entry.id, at: new Date(entry.at).toISOString(), type: entry.type, data });
  }

  #send(console: Console, message: LiveMessage): void {
    const { socket } = console;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > (this.#parts.bufferedBytes ?? 1024 * 1024)) {
      this.#parts.log.warn({ buffered: socket.bufferedAmount }, 'a console is too slow and is let go; it may resume');
      this.#letGo(console, closeCodes.tooSlow, 'too slow');
      return;
    }
    socket.send(JSON.stringify(message));
  }

  #beat(): void {
    for (const console of this.#consoles) {
      if (!console.answered) {
        this.#consoles.delete(console);
        console.socket.terminate();
        continue;
      }
      console.answered = false;
      console.socket.ping();
      void this.#check(console);
    }
  }

  async #check(console: Console): Promise<void> {
    const { token } = console;
    const { stillSignedIn, log } = this.#parts;
    if (!stillSignedIn || token === null) return;
    try {
      if (!(await stillSignedIn(token))) this.#letGo(console, closeCodes.signedOut, 'signed out');
    } catch (error) {
      log.debug({ err: error }, 'whether a console is still signed in is not known');
    }
  }

  /** Nothing more is sent from here on. */
  #letGo(console: Console, code: number, reason: string): void {
    this.#consoles.delete(console);
    console.socket.close(code, reason);
  }

  #now(): string {
    return new Date(this.#parts.clock()).toISOString();
  }
}

/** Index of the first entry with a greater id. */
function firstAfter(entries: readonly JournalEntry[], id: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.id ?? 0) <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
