import Type, { type Static } from 'typebox';
import type { Viewer } from '../account/account.js';
import { showName, showNumber } from '../account/masking.js';
import {
  type FieldChange,
  type HistoryEntry,
  type Ticket,
  type TicketType,
  ticketStates,
  ticketTypes,
  type Urgency,
  urgencies,
} from './ticket.js';
import { isOwn } from './ticket-access.js';
import type { LinkedCall } from './ticket-store.js';

const Time = Type.String({ format: 'date-time' });
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Names of a table with `zh` and `en`, with both told to who reads the API's description. */
export function namesSchema<Name extends string>(table: Readonly<Record<Name, { zh: string; en: string }>>) {
  const names = Object.keys(table) as Name[];
  const description = names.map((name) => `${name} ${table[name].zh}`).join(', ');
  return Type.Unsafe<Name>({ type: 'string', enum: names, description });
}
export const TicketTypeSchema = namesSchema<TicketType>(ticketTypes);
export const UrgencySchema = namesSchema<Urgency>(urgencies);

/** A ticket as the API shows it. */
export const TicketViewSchema = Type.Object(
  {
    ticketId: Type.String(),
    number: Type.String({ description: 'YYYYMMDD, five digits, check digit' }),
    version: Type.Integer({ description: 'Send it with a change' }),
    state: Type.Enum(ticketStates),
    type: orNull(TicketTypeSchema),
    urgency: UrgencySchema,
    title: orNull(Type.String()),
    text: orNull(Type.String({ description: 'What the citizen asks for' })),
    categoryPath: Type.Array(Type.String(), { description: 'From the root of the category tree' }),
    place: orNull(Type.String()),
    callerName: orNull(Type.String({ description: 'Masked unless the role may see it' })),
    callerNumber: orNull(Type.String({ description: 'E.164, masked unless the role may see it' })),
    unitId: orNull(Type.String()),
    callId: orNull(Type.String({ description: 'The first linked call' })),
    agentId: orNull(Type.String({ description: 'Who answered the call' })),
    openedBy: Type.String({ description: 'An account, or system for drafts that the program opened' }),
    openedAt: Time,
    changedAt: Time,
  },
  { description: 'A ticket' },
);
export type TicketView = Static<typeof TicketViewSchema>;

const Value = Type.Union([Type.String(), Type.Array(Type.String()), Type.Null()]);

export const TicketRecordSchema = Type.Object(
  {
    ...TicketViewSchema.properties,
    calls: Type.Array(
      Type.Object({
        callId: Type.String(),
        linkedAt: Time,
        url: Type.String(),
        recordingUrl: orNull(Type.String({ description: 'Null for a call that nobody at a seat answered' })),
      }),
    ),
    history: Type.Array(
      Type.Object({
        version: Type.Integer(),
        at: Time,
        by: Type.String(),
        byName: Type.String(),
        what: Type.String({ description: 'opened, changed, submit, discard, close or reopen' }),
        changes: Type.Array(Type.Object({ field: Type.String(), before: Value, after: Value })),
      }),
    ),
  },
  { description: 'A ticket with its calls and all that happened to it' },
);
export type TicketRecord = Static<typeof TicketRecordSchema>;

/** The one way out for tickets: numbers and names are masked here. */
export function ticketView(viewer: Viewer, ticket: Ticket, calls: readonly LinkedCall[]): TicketView {
  const { id, categoryPath, openedAt, changedAt, ...rest } = ticket;
  const own = isOwn(ticket, viewer.accountId);
  return {
    ...rest,
    ticketId: id,
    categoryPath: [...categoryPath],
    callerName: shown(viewer, 'callerName', ticket.callerName, own),
    callerNumber: shown(viewer, 'callerNumber', ticket.callerNumber, own),
    callId: calls[0]?.callId ?? null,
    openedAt: openedAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}

export function ticketRecord(
  viewer: Viewer,
  ticket: Ticket,
  calls: readonly (LinkedCall & { agentId: string | null })[],
  history: readonly HistoryEntry[],
): TicketRecord {
  const own = isOwn(ticket, viewer.accountId);
  return {
    ...ticketView(viewer, ticket, calls),
    calls: calls.map(({ callId, linkedAt, agentId }) => ({
      callId,
      linkedAt: linkedAt.toISOString(),
      url: `/api/calls/${callId}`,
      recordingUrl: agentId === null ? null : `/api/calls/${callId}/recording`,
    })),
    history: history.map(({ at, changes, ...entry }) => ({
      ...entry,
      at: at.toISOString(),
      changes: changes.map(({ field, before, after }) => ({
        field,
        before: shown(viewer, field, before, own),
        after: shown(viewer, field, after, own),
      })),
    })),
  };
}

type Shown<Value> = Value extends readonly string[] ? string[] : Value;

function shown<Value extends FieldChange['before']>(
  viewer: Viewer,
  field: FieldChange['field'],
  value: Value,
  own: boolean,
): Shown<Value> {
  if (typeof value === 'string' && field === 'callerNumber') return showNumber(viewer, value, own) as Shown<Value>;
  if (typeof value === 'string' && field === 'callerName') return showName(viewer, value, own) as Shown<Value>;
  return value as Shown<Value>;
}
