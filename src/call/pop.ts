import Type, { type Static } from 'typebox';

const Time = Type.String({ format: 'date-time' });
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Earlier contacts of one number, newest first, at most ten each. */
export const PopHistorySchema = Type.Object({
  complete: Type.Boolean({ description: 'False when the history could not be read in time' }),
  calls: Type.Array(
    Type.Object({ callId: Type.String(), at: Time, queue: orNull(Type.String()), answered: Type.Boolean() }),
  ),
  tickets: Type.Array(
    Type.Object({
      ticketId: Type.String(),
      number: Type.String(),
      type: Type.String(),
      state: Type.String(),
      title: Type.String(),
      at: Time,
    }),
  ),
});
export type PopHistory = Static<typeof PopHistorySchema>;

/** What the agent sees at the offer (V11), as far as its sources exist. Personal data: for the offered agent only. */
export const PopSchema = Type.Object({
  callerNumber: orNull(Type.String({ description: 'E.164; null when withheld' })),
  callerDisplay: Type.String({ description: 'As people write it' }),
  region: orNull(Type.Object({ province: Type.String(), city: Type.String() })),
  dialled: Type.String(),
  queue: Type.String(),
  waitMs: Type.Integer({ description: 'Since the caller joined the queue' }),
  menuPath: Type.Array(Type.Object({ node: Type.String(), digit: orNull(Type.String()) }), {
    description: 'Nodes and keys, oldest first',
  }),
  history: PopHistorySchema,
});
export type Pop = Static<typeof PopSchema>;

export const noHistory: PopHistory = { complete: false, calls: [], tickets: [] };
