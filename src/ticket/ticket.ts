import { HotlineError } from '../platform/errors.js';

/** Types of a ticket (W1). */
export const ticketTypes = {
  consultation: { zh: '咨询', en: 'Question' },
  request: { zh: '求助', en: 'Request for help' },
  complaint: { zh: '投诉', en: 'Complaint' },
  report: { zh: '举报', en: 'Report of wrongdoing' },
  suggestion: { zh: '意见建议', en: 'Suggestion' },
  praise: { zh: '表扬', en: 'Praise' },
} as const;
export type TicketType = keyof typeof ticketTypes;

export const urgencies = {
  normal: { zh: '一般', en: 'Normal' },
  urgent: { zh: '紧急', en: 'Urgent' },
  critical: { zh: '特急', en: 'Critical' },
} as const;
export type Urgency = keyof typeof urgencies;

export const ticketStates = ['draft', 'open', 'closed'] as const;
export type TicketState = (typeof ticketStates)[number];

/** Longest texts, in characters as people count them (code points). */
export const limits = {
  title: 200,
  text: 10_000,
  place: 300,
  callerName: 100,
  callerNumber: 40,
  category: 50,
  /** Steps from the root of the category tree. */
  categories: 6,
} as const;

/** What people fill in. `null`: not filled in. */
export interface TicketFields {
  /** Null in a draft only, or in one that was discarded without it. */
  readonly type: TicketType | null;
  readonly urgency: Urgency;
  readonly title: string | null;
  /** What the citizen asks for. */
  readonly text: string | null;
  /** From the root of the category tree. */
  readonly categoryPath: readonly string[];
  readonly place: string | null;
  /** Personal data. */
  readonly callerName: string | null;
  /** E.164. Personal data. */
  readonly callerNumber: string | null;
  /** Who handles it. */
  readonly unitId: string | null;
}

export interface Ticket extends TicketFields {
  readonly id: string;
  readonly number: string;
  /** 1 at the opening, one more with each change. */
  readonly version: number;
  readonly state: TicketState;
  /** Who answered the call that it came from; null without a call, or when that is not known. */
  readonly agentId: string | null;
  /** An account, or `system`. */
  readonly openedBy: string;
  readonly openedAt: Date;
  readonly changedAt: Date;
}

/** Who acts: a person, or the program itself. */
export interface Actor {
  readonly id: string;
  readonly name: string;
}
export const systemActor: Actor = { id: 'system', name: '系统' };

export type TicketChange = Partial<TicketFields> & { readonly state?: TicketState };

export interface FieldChange {
  readonly field: keyof TicketFields | 'state';
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/** One line of a ticket's history: what one version changed. */
export interface HistoryEntry {
  readonly version: number;
  readonly at: Date;
  readonly by: string;
  readonly byName: string;
  readonly what: 'opened' | 'changed' | TicketMove;
  readonly changes: readonly FieldChange[];
}

/**
 * ```
 *   opened ──► draft ──── submit ────► open ──── close ────► closed
 *     │          │                     ▲ ▲                   │ ▲
 *     └──────────┼─────────────────────┘ └────── reopen ─────┘ │
 *                └──────────────────── discard ────────────────┘
 * ```
 * A draft is seen by its maker and supervisors only. Drafts are also opened by the program, for answered calls whose agent
 * wrote nothing. A closed ticket takes no other change than `reopen`.
 */
export const ticketMoves = [
  { move: 'submit', from: 'draft', to: 'open' },
  { move: 'discard', from: 'draft', to: 'closed' },
  { move: 'close', from: 'open', to: 'closed' },
  { move: 'reopen', from: 'closed', to: 'open' },
] as const satisfies readonly { move: string; from: TicketState; to: TicketState }[];
export type TicketMove = (typeof ticketMoves)[number]['move'];

/** The move between two states; undefined when there is none. */
export function moveBetween(from: TicketState, to: TicketState): TicketMove | undefined {
  return ticketMoves.find((row) => row.from === from && row.to === to)?.move;
}

export const noFields: TicketFields = {
  type: null,
  urgency: 'normal',
  title: null,
  text: null,
  categoryPath: [],
  place: null,
  callerName: null,
  callerNumber: null,
  unitId: null,
};

export interface Opening {
  readonly id: string;
  readonly number: string;
  readonly state: 'draft' | 'open';
  readonly agentId: string | null;
  readonly fields: Partial<TicketFields>;
}

/** @throws HotlineError `ticket.incomplete`, `request.invalid` */
export function openTicket(opening: Opening, actor: Actor, now: Date): { ticket: Ticket; entry: HistoryEntry } {
  const { fields, ...rest } = opening;
  const filled = { ...noFields, ...cleaned(fields) };
  const ticket: Ticket = { ...filled, ...rest, version: 1, openedBy: actor.id, openedAt: now, changedAt: now };
  requireComplete(ticket);
  const changes = differences({ ...noFields, state: null }, ticket);
  return { ticket, entry: { version: 1, at: now, by: actor.id, byName: actor.name, what: 'opened', changes } };
}

/**
 * A change by a person; `entry` is null when it changes nothing, the ticket then stays as it is.
 * @throws HotlineError `ticket.moveNotAllowed`, `ticket.closed`, `ticket.incomplete`, `request.invalid`
 */
export function applyChange(
  ticket: Ticket,
  change: TicketChange,
  actor: Actor,
  now: Date,
): { ticket: Ticket; entry: HistoryEntry | null } {
  const { state = ticket.state, ...fields } = change;
  const move = state === ticket.state ? undefined : moveBetween(ticket.state, state);
  if (state !== ticket.state && !move) {
    const allowed = ticketMoves.filter(({ from }) => from === ticket.state).map(({ to }) => to);
    throw new HotlineError('ticket.moveNotAllowed', { field: 'state', allowed });
  }
  const changed: Ticket = { ...ticket, ...cleaned(fields), state };
  const changes = differences(ticket, changed);
  if (changes.length === 0) return { ticket, entry: null };
  if (ticket.state === 'closed' && move !== 'reopen') throw new HotlineError('ticket.closed', { field: 'state' });
  requireComplete(changed);
  const version = ticket.version + 1;
  const entry = { version, at: now, by: actor.id, byName: actor.name, what: move ?? 'changed', changes } as const;
  return { ticket: { ...changed, version, changedAt: now }, entry };
}

const fieldNames = Object.keys(noFields) as (keyof TicketFields)[];

function differences(
  before: TicketFields & { state: TicketState | null },
  after: TicketFields & { state: TicketState },
): FieldChange[] {
  return [...fieldNames, 'state' as const].flatMap((field) =>
    same(before[field], after[field]) ? [] : [{ field, before: before[field], after: after[field] }],
  );
}

function same(a: FieldChange['before'], b: FieldChange['before']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function requireComplete({ state, type }: Ticket): void {
  if (state === 'open' && type === null) {
    throw new HotlineError('ticket.incomplete', { field: 'type', allowed: Object.keys(ticketTypes) });
  }
}

/** Only given fields; an empty text is one that is not filled in. Spaces stay: people are still typing. */
function cleaned(fields: Partial<TicketFields>): Partial<TicketFields> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  for (const [field, value] of given) requireReadable(field, value);
  return Object.fromEntries(given.map(([field, value]) => [field, value === '' ? null : value]));
}

/** What PostgreSQL cannot store (NUL, halves of surrogate pairs), and control characters that no text of people has. */
const unreadable = /(?![\n\r\t])\p{Cc}|\p{Cs}/u;

function requireReadable(field: string, value: unknown): void {
  const texts = Array.isArray(value) ? value : [value];
  if (texts.some((text) => typeof text === 'string' && unreadable.test(text))) {
    throw new HotlineError('request.invalid', { field, allowed: 'text without control characters 不含控制字符的文本' });
  }
}
