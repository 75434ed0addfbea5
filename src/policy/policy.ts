import Type, { type Static } from 'typebox';

/** Numbers that differ between cities and hold from a date on; the newest row whose date has come is in force. */
export const VoicePolicySchema = Type.Object(
  {
    /** Admission (V25): new calls taken per second. */
    newCallsPerSecond: Type.Number({ minimum: 1, maximum: 10_000 }),
    /** Admission (V25): calls at once, all states. */
    openCalls: Type.Integer({ minimum: 1, maximum: 100_000 }),
    /** A caller who hangs up sooner counts as a short abandon, kept apart from the answer rate, ms. */
    shortAbandonMs: Type.Integer({ minimum: 0, maximum: 60_000 }),
  },
  { additionalProperties: false },
);
export type VoicePolicy = Static<typeof VoicePolicySchema>;

/** What a new installation starts with. */
export const defaultVoicePolicy: VoicePolicy = { newCallsPerSecond: 60, openCalls: 300, shortAbandonMs: 5_000 };
