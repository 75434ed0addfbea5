import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { parseNumber } from '../citizen/number.js';
import { seatOfPhone } from '../seat/phone.js';
import type { NewFact } from './call-events.js';
import { callIdOf } from './call-id.js';

/**
 * What the dialplan writes of calls that it serves alone (V21): a line at the start and one at the end, JSON each; see
 * `asterisk-config/hotline/extensions.conf`. `at` is in seconds since the epoch. Personal data.
 */
const EmergencyLine = Type.Union([
  Type.Object({
    event: Type.Literal('start'),
    id: Type.String(),
    at: Type.Number(),
    caller: Type.String(),
    dialled: Type.String(),
  }),
  Type.Object({
    event: Type.Literal('end'),
    id: Type.String(),
    at: Type.Number(),
    answeredBy: Type.String(),
    waitedSeconds: Type.String(),
    cause: Type.String(),
  }),
]);
type Line = Static<typeof EmergencyLine>;

/**
 * The records of calls that Asterisk served without us.
 * @returns `facts` of every call that ended, `pending` lines of those that still go on, and how many lines were `unreadable`
 */
export function emergencyFacts(
  lines: readonly string[],
  areaCode: string,
): { facts: NewFact[]; pending: string[]; unreadable: number } {
  const starts = new Map<string, { line: Extract<Line, { event: 'start' }>; text: string }>();
  const facts: NewFact[] = [];
  let unreadable = 0;
  for (const text of lines) {
    const line = parseLine(text);
    if (!line) unreadable += 1;
    else if (line.event === 'start') starts.set(line.id, { line, text });
    else {
      const start = starts.get(line.id)?.line;
      starts.delete(line.id);
      if (start) facts.push(...recordOf(start, line, areaCode));
    }
  }
  return { facts, pending: [...starts.values()].map(({ text }) => text), unreadable };
}

function parseLine(text: string): Line | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return Value.Check(EmergencyLine, parsed) ? parsed : null;
  } catch {
    return null; // Counted by the caller; the parser's message would repeat a part of the line.
  }
}

function recordOf(
  start: Extract<Line, { event: 'start' }>,
  end: Extract<Line, { event: 'end' }>,
  areaCode: string,
): NewFact[] {
  const startedAt = start.at * 1_000;
  const endedAt = end.at * 1_000;
  // Not the id that the channel would have with us: a caller who waited with us before has that record already.
  const callId = callIdOf(`emergency ${start.id}`, startedAt);
  const waitMs = end.waitedSeconds === '' ? null : Number(end.waitedSeconds) * 1_000;
  const phone = end.answeredBy.replace(/^PJSIP\//, '');
  const seat = phone === '' ? null : seatOfPhone(phone);
  const { e164 } = parseNumber(start.caller, areaCode);
  const talkMs = seat !== null && waitMs !== null ? Math.max(0, endedAt - startedAt - waitMs) : null;
  const nobody = { queue: null, agentId: null };
  return [
    {
      type: 'call.arrived',
      at: startedAt,
      data: { callId, channelId: start.id, callerNumber: e164, dialled: start.dialled, recording: `${start.id}.raw` },
    },
    { type: 'call.servedInEmergency', at: startedAt, data: { callId, seat, waitMs } },
    {
      type: 'call.ended',
      at: endedAt,
      data: { callId, by: 'unknown', cause: 'hungUp', during: 'emergency', ...nobody, seat, waitMs, talkMs },
    },
    { type: 'call.released', at: endedAt, data: { callId, q850: Number(end.cause) || 0 } },
  ];
}
