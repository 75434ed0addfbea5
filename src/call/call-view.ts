import Type, { type Static } from 'typebox';
import type { CallRow, TimelineRow } from './call-store.js';

const Time = Type.String({ format: 'date-time' });
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A call as the API shows it (V19). Times ISO 8601 UTC, durations in ms. */
export const CallViewSchema = Type.Object(
  {
    id: Type.String(),
    state: Type.String({ description: 'menu, waiting, offered, talking, leaving or ended' }),
    callerNumber: orNull(Type.String({ description: 'E.164, masked unless the role may see it; null when withheld' })),
    dialled: Type.String(),
    queue: orNull(Type.String()),
    seat: orNull(Type.String()),
    agentId: orNull(Type.String()),
    offerCount: Type.Integer(),
    arrivedAt: Time,
    queuedAt: orNull(Time),
    answeredAt: orNull(Time),
    endedAt: orNull(Time),
    waitMs: orNull(Type.Integer({ description: 'From joining the queue to the agent’s answer or the end' })),
    talkMs: orNull(Type.Integer()),
    endedBy: orNull(Type.String({ description: 'citizen, agent, hotline, asterisk or unknown' })),
    endCause: orNull(Type.String()),
    endedDuring: orNull(Type.String({ description: 'The state in which it ended' })),
    q850: orNull(Type.Integer({ description: 'Q.850 cause of the citizen’s channel' })),
  },
  { description: 'A call' },
);
export type CallView = Static<typeof CallViewSchema>;

export const CallRecordSchema = Type.Object(
  {
    ...CallViewSchema.properties,
    timeline: Type.Array(
      Type.Object({
        at: Time,
        type: Type.String({ description: 'An event type, call.arrived … call.released, queue.routed' }),
        data: Type.Unknown(),
      }),
    ),
    recording: orNull(
      Type.Object({ url: Type.String(), durationMs: Type.Integer(), channels: Type.Array(Type.String()) }),
    ),
    tickets: Type.Array(Type.Object({ id: Type.String(), number: Type.String() })),
  },
  { description: 'A call with its timeline' },
);

/** `showNumber` masks the number or not, by who looks. */
export function callView(row: CallRow, showNumber: (e164: string) => string): CallView {
  const iso = (time: Date | null) => time?.toISOString() ?? null;
  return {
    id: row.id,
    state: row.state,
    callerNumber: row.callerNumber === null ? null : showNumber(row.callerNumber),
    dialled: row.dialled,
    queue: row.queue,
    seat: row.seat,
    agentId: row.agentId,
    offerCount: row.offerCount,
    arrivedAt: row.arrivedAt.toISOString(),
    queuedAt: iso(row.queuedAt),
    answeredAt: iso(row.answeredAt),
    endedAt: iso(row.endedAt),
    waitMs: row.waitMs,
    talkMs: row.talkMs,
    endedBy: row.endedBy,
    endCause: row.endCause,
    endedDuring: row.endedDuring,
    q850: row.q850,
  };
}

export type TimelineView = { at: string; type: string; data: unknown }[];

export function timelineView(rows: readonly TimelineRow[]): TimelineView {
  return rows.map(({ at, type, data }) => ({ at: at.toISOString(), type, data }));
}
