import Type, { type Static, type TSchema } from 'typebox';
import type { Caller } from '../http/access.js';
import type { JournalEntry } from '../journal/journal-entry.js';

/**
 * A kind of message that consoles get. `audience` decides for one viewer: what of the entry goes to them, null for nothing;
 * it is asked again at a replay, so it may look at the entry and the viewer only, not at the present.
 */
export interface LiveType<Data = unknown> {
  readonly type: string;
  /** In one line, for AsyncAPI. */
  readonly summary: string;
  /** Of what `audience` returns. */
  readonly schema: TSchema;
  audience(data: Data, viewer: Caller, entry: JournalEntry): unknown | null;
}

/** Gives the audience the data's type; the journal's entries of this type must have it. */
export function liveType<Data>(definition: LiveType<Data>): LiveType {
  return definition as LiveType;
}

export const LiveMessageSchema = Type.Object({
  v: Type.Literal(1),
  seq: Type.Integer({
    minimum: 0,
    description: 'Grows from message to message, with gaps; give it as `since` to go on behind it',
  }),
  at: Type.String({ format: 'date-time' }),
  type: Type.String(),
  data: Type.Unknown(),
});
export type LiveMessage = Static<typeof LiveMessageSchema>;

/** Why the server closed; all but `signedOut` may be resumed with `since`. */
export const closeCodes = { goingAway: 1001, signedOut: 4001, tooSlow: 4008 } as const;
