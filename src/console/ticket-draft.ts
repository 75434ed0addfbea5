import type { TicketState } from '../ticket/ticket.js';
import { ApiError, request } from './api.js';
import { text } from './texts.js';

export const ticketTypes = ['consultation', 'request', 'complaint', 'report', 'suggestion', 'praise'] as const;

export const ticketFields = ['type', 'title', 'text', 'place', 'callerName'] as const;
export type TicketField = (typeof ticketFields)[number];
export type TicketValues = Record<TicketField, string>;

/** What the page reads of a ticket. */
export interface Ticket {
  ticketId: string;
  number: string;
  version: number;
  state: TicketState;
  callId: string | null;
  type: string | null;
  title: string | null;
  text: string | null;
  place: string | null;
  callerName: string | null;
}

export type SaveState =
  | { type: 'idle' | 'dirty' | 'saving' | 'failed' }
  | { type: 'saved'; at: number }
  | { type: 'refused'; message: string };

export interface DraftView {
  callId: string;
  number: string | null;
  /** Null before there is a ticket. */
  state: TicketState | null;
  values: TicketValues;
  save: SaveState;
  /** Fields that were changed both here and elsewhere, with what the others wrote. */
  conflict: Partial<TicketValues> | null;
}

const typingMs = 500;
const retryMs = 3000;
/** A new ticket's; a type is needed from the beginning. */
const noValues: TicketValues = { type: 'consultation', title: '', text: '', place: '', callerName: '' };

/**
 * The ticket of one call, saved while it is typed. What the server has not got yet also lies in this tab's own storage, so
 * that a reload loses nothing even while the server is away; it is taken away once saved.
 *
 * The first change makes the ticket (POST, safe to repeat), later ones send the changed fields with the version that they
 * were made on. When somebody else was faster (409), fields that were not touched here take the newer content; for the
 * others the agent chooses.
 */
export class TicketDraft {
  readonly callId: string;
  readonly #onChange: (view: DraftView) => void;
  #ticket: Ticket | null = null;
  #values: TicketValues = { ...noValues };
  #dirty = new Set<TicketField>();
  #conflict: Partial<TicketValues> | null = null;
  #save: SaveState = { type: 'idle' };
  #timer: number | undefined;
  #running: Promise<void> | null = null;
  #closed = false;
  #submits = false;
  /** The latest version that was told of. */
  #newest = 0;
  /** One key per try to make the ticket: kept when the answer was lost, so that no second one is made. */
  #createKey: string = crypto.randomUUID();

  constructor(callId: string, onChange: (view: DraftView) => void) {
    this.callId = callId;
    this.#onChange = onChange;
  }

  get view(): DraftView {
    return {
      callId: this.callId,
      number: this.#ticket?.number ?? null,
      state: this.#ticket?.state ?? null,
      values: { ...this.#values },
      save: this.#save,
      conflict: this.#conflict,
    };
  }

  /** Brings back what was written for this call: the server's ticket, and over it what had not been saved. */
  async load(): Promise<void> {
    const kept = readKept(this.callId);
    if (kept) {
      this.#createKey = kept.createKey;
      for (const [name, value] of Object.entries(kept.values)) this.#put(name as TicketField, value);
      this.#tell();
    }
    await this.#fetch();
    if (this.#dirty.size > 0) this.#schedule(0);
  }

  edit(name: TicketField, value: string): void {
    if (this.#values[name] === value) return;
    this.#put(name, value);
    this.#save = { type: 'dirty' };
    this.#keep();
    this.#schedule(typingMs);
    this.#tell();
  }

  /** A ticket is finished and goes its way: from a draft to an open one. Its type must have been chosen. */
  async submit(): Promise<void> {
    if (this.#values.type === '') this.#save = { type: 'refused', message: text('ticketTypeMissing') };
    else {
      this.#submits = true;
      await this.flush();
    }
    this.#tell();
  }

  /** Somebody changed a ticket: looks whether it is this one and has become newer. */
  onChanged(ticketId: string, version: number): void {
    if (this.#ticket && this.#ticket.ticketId !== ticketId) return;
    this.#newest = Math.max(this.#newest, version);
    if (!this.#running) void this.#catchUp();
  }

  /** Ends a conflict: with the newer content, or with what was written here. */
  resolve(take: 'theirs' | 'mine'): void {
    const theirs = this.#conflict ?? {};
    this.#conflict = null;
    if (take === 'theirs')
      for (const [name, value] of Object.entries(theirs)) {
        this.#values[name as TicketField] = value;
        this.#dirty.delete(name as TicketField);
      }
    this.#keep();
    this.#schedule(0);
    this.#tell();
  }

  /** Sends what is not saved yet at once; `leaving` lets the request outlive the page. */
  async flush(leaving = false): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#running && !leaving) await this.#running;
    await this.#send(leaving);
  }

  /** Saves and stops; the draft is not used any more. */
  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #put(name: TicketField, value: string): void {
    this.#values[name] = value;
    this.#dirty.add(name);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = window.setTimeout(() => void this.flush(), ms);
  }

  async #fetch(): Promise<void> {
    try {
      const ticket = this.#ticket
        ? await request<Ticket>('GET', `/api/tickets/${this.#ticket.ticketId}`)
        : await ticketOfCall(this.callId);
      if (ticket) this.#accept(ticket);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 0) this.#schedule(retryMs);
      else this.#save = { type: 'refused', message: error.explain() };
    }
    this.#tell();
  }

  /** Takes over the server's ticket; what is being written here stays. */
  #accept(ticket: Ticket): void {
    const before = this.#ticket;
    this.#ticket = ticket;
    const conflict: Partial<TicketValues> = {};
    for (const name of ticketFields) {
      const theirs = ticket[name] ?? '';
      if (!this.#dirty.has(name)) this.#values[name] = theirs;
      else if (this.#values[name] === theirs) this.#dirty.delete(name);
      else if (before && (before[name] ?? '') !== theirs) conflict[name] = theirs;
    }
    if (Object.keys(conflict).length > 0) this.#conflict = conflict;
    this.#keep();
  }

  async #send(leaving: boolean): Promise<void> {
    if (this.#closed || this.#conflict || (this.#dirty.size === 0 && !this.#submits)) return;
    this.#running = this.#sendNow(leaving);
    await this.#running;
    this.#running = null;
    await this.#catchUp();
  }

  /** What was told of while a request was under way may be newer than its answer. */
  async #catchUp(): Promise<void> {
    if (!this.#closed && this.#newest > (this.#ticket?.version ?? 0)) await this.#fetch();
  }

  async #sendNow(leaving: boolean): Promise<void> {
    const sent = Object.fromEntries([...this.#dirty].map((name) => [name, this.#values[name]]));
    const submits = this.#submits;
    this.#save = { type: 'saving' };
    this.#tell();
    try {
      const ticket = await this.#write(submits ? { ...sent, state: 'open' } : sent, leaving);
      for (const [name, value] of Object.entries(sent))
        if (this.#values[name as TicketField] === value) this.#dirty.delete(name as TicketField);
      this.#ticket = ticket;
      if (submits) this.#submits = false;
      this.#save = this.#dirty.size > 0 ? { type: 'dirty' } : { type: 'saved', at: Date.now() };
      this.#keep();
      if (this.#dirty.size > 0) this.#schedule(typingMs);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await this.#failed(error);
    }
    this.#tell();
  }

  #write(sent: Record<string, string>, leaving: boolean): Promise<Ticket> {
    if (this.#ticket) {
      const body = { version: this.#ticket.version, ...sent };
      return request('PATCH', `/api/tickets/${this.#ticket.ticketId}`, { body, keepalive: leaving });
    }
    const body = { callId: this.callId, state: 'draft', type: this.#values.type, ...sent };
    return request('POST', '/api/tickets', {
      body,
      keepalive: leaving,
      headers: { 'idempotency-key': this.#createKey },
    });
  }

  async #failed(error: ApiError): Promise<void> {
    if (error.status === 0 || error.status >= 500 || error.status === 429) {
      this.#save = { type: 'failed' };
      this.#schedule(retryMs);
    } else if (error.status === 409 || error.code === 'request.keyReused') {
      this.#save = { type: 'dirty' };
      // The key was used for another content, or the ticket was made meanwhile: either way it is looked up anew.
      this.#createKey = crypto.randomUUID();
      await this.#fetch();
      if (!this.#conflict) this.#schedule(typingMs);
    } else {
      this.#submits = false;
      this.#save = { type: 'refused', message: error.explain() };
      // Before the call is answered, its ticket cannot be made yet.
      if (!this.#ticket) this.#schedule(retryMs);
    }
  }

  #tell(): void {
    if (!this.#closed) this.#onChange(this.view);
  }

  #keep(): void {
    const values = Object.fromEntries([...this.#dirty].map((name) => [name, this.#values[name]]));
    if (this.#dirty.size === 0) sessionStorage.removeItem(keptKey(this.callId));
    else sessionStorage.setItem(keptKey(this.callId), JSON.stringify({ createKey: this.#createKey, values }));
  }
}

const keptPrefix = 'hotline.draft.';
const keptKey = (callId: string) => `${keptPrefix}${callId}`;

function readKept(callId: string): { createKey: string; values: Partial<TicketValues> } | null {
  const kept = sessionStorage.getItem(keptKey(callId));
  return kept === null ? null : JSON.parse(kept);
}

/** Forgets what this tab keeps of tickets: at sign-out. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(keptPrefix)) sessionStorage.removeItem(key);
}

async function ticketOfCall(callId: string): Promise<Ticket | null> {
  const { items } = await request<{ items: Ticket[] }>('GET', `/api/tickets?callId=${encodeURIComponent(callId)}`);
  return items[0] ?? null;
}
