import Type from 'typebox';
import type { Viewer } from '../account/account.js';
import { type LiveType, liveType } from '../platform/live/live-message.js';
import { seatStates } from '../seat/seat.js';
import type { SeatChanged } from '../seat/seat-events.js';
import type { Board } from './board.js';
import type { CallEvent } from './call-events.js';
import { type Pop, PopSchema } from './pop.js';

type DataOf<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>['data'];

const Time = Type.String({ format: 'date-time' });
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Who sees what happens to all seats and calls. */
const overseers: readonly string[] = ['supervisor', 'leader', 'admin'];
const oversees = (roles: readonly string[]) => roles.some((role) => overseers.includes(role));
const isoOrNull = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

const SeatChangedSchema = Type.Object({
  seat: Type.String(),
  agentId: Type.String(),
  agentName: Type.String(),
  state: orNull(Type.Enum([...seatStates])),
  from: orNull(Type.String()),
  reason: Type.String(),
  callId: orNull(Type.String()),
  phoneReachable: Type.Boolean(),
  wakeAt: orNull(Time),
});
const CallOfferedSchema = Type.Object({
  callId: Type.String(),
  offer: Type.Integer(),
  seat: Type.String(),
  waitMs: Type.Integer(),
  pop: PopSchema,
});
const CallAnsweredSchema = Type.Object({
  callId: Type.String(),
  seat: Type.String(),
  agentId: Type.String(),
  queue: Type.String(),
  waitMs: Type.Integer(),
  ringMs: Type.Integer(),
});
const CallEndedSchema = Type.Object({
  callId: Type.String(),
  by: Type.String(),
  cause: Type.String(),
  during: Type.String(),
  queue: orNull(Type.String()),
  seat: orNull(Type.String()),
  waitMs: orNull(Type.Integer()),
  talkMs: orNull(Type.Integer()),
});
const QueueSchema = Type.Object({
  queue: Type.String(),
  waiting: Type.Integer(),
  longestWaitingSince: orNull(Time),
  freeSeats: Type.Integer(),
});

/** What consoles are told of calls, seats and queues. The pop goes to the offered agent and to no one else. */
export const callLiveTypes: readonly LiveType[] = [
  liveType<SeatChanged['data']>({
    type: 'seat.changed',
    summary: 'A seat’s state changed (null: the agent left it); to its agent and to supervisors',
    schema: SeatChangedSchema,
    audience: ({ to, wakeAt, ...data }, viewer) =>
      data.agentId === viewer.accountId || oversees(viewer.roles)
        ? { ...data, state: to, wakeAt: isoOrNull(wakeAt) }
        : null,
  }),
  liveType<DataOf<'call.offered'>>({
    type: 'call.offered',
    summary: 'The pop: a call is offered to your seat; sent before the phone rings',
    schema: CallOfferedSchema,
    audience: ({ agentId, ...data }, viewer) => (agentId === viewer.accountId ? data : null),
  }),
  liveType<DataOf<'call.answered'>>({
    type: 'call.answered',
    summary: 'The agent answered; to that agent and to supervisors',
    schema: CallAnsweredSchema,
    audience: ({ callId, seat, agentId, queue, waitMs, ringMs }, viewer) =>
      agentId === viewer.accountId || oversees(viewer.roles) ? { callId, seat, agentId, queue, waitMs, ringMs } : null,
  }),
  liveType<DataOf<'call.ended'>>({
    type: 'call.ended',
    summary: 'A call ended: who ended it, in which state; to its agent and to supervisors',
    schema: CallEndedSchema,
    audience: ({ agentId, ...data }, viewer) => (agentId === viewer.accountId || oversees(viewer.roles) ? data : null),
  }),
  liveType<DataOf<'queue.changed'>>({
    type: 'queue.changed',
    summary: 'Who waits in a queue and how many seats are free for it',
    schema: QueueSchema,
    audience: (data) => ({ ...data, longestWaitingSince: isoOrNull(data.longestWaitingSince) }),
  }),
];

export const SnapshotSchema = Type.Object({
  seats: Type.Array(SeatChangedSchema, { description: 'The own seat; for supervisors all' }),
  queues: Type.Array(QueueSchema),
  offered: orNull(CallOfferedSchema),
});

/** Everything as it is now, for a console that is new or was away too long. */
export function snapshotFor(
  board: Board,
  viewer: Pick<Viewer, 'accountId'> & { roles: readonly string[] },
  popOf: (callId: string) => Pop | null,
) {
  const seen = [...board.seats.values()].filter(
    ({ agentId }) => agentId === viewer.accountId || oversees(viewer.roles),
  );
  const call = [...board.calls.values()].find(({ offer }) => offer?.agentId === viewer.accountId);
  const pop = call ? popOf(call.callId) : null;
  return {
    seats: seen.map(({ seat, agentId, agentName, state, reason, callId, wakeAt }) => ({
      ...{ seat, agentId, agentName, state, from: null, reason, callId },
      phoneReachable: board.reachable(seat),
      wakeAt: isoOrNull(wakeAt),
    })),
    queues: [...board.settings.queues.keys()].map((queue) => {
      const summary = board.matcher.queue(queue);
      return { queue, ...summary, longestWaitingSince: isoOrNull(summary.longestWaitingSince) };
    }),
    offered:
      call?.offer && pop
        ? { callId: call.callId, offer: call.offer.number, seat: call.offer.seat, waitMs: pop.waitMs, pop }
        : null,
  };
}
