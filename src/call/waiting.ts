import { positionPrompts } from '../ivr/spoken.js';
import type { Match } from '../queue/matcher.js';
import type { QueueSettings } from '../queue/queue.js';
import { phoneToRing } from '../seat/phone.js';
import type { MissReason } from '../seat/seat.js';
import type { Step } from './board.js';
import type { Call } from './call.js';
import { bridgeIdOf, legIdOf } from './call-id.js';
import { play, stopPlaying } from './playing.js';

/** Name of the prompt that is music. */
export const holdMusic = 'hold-music';

/** Grace beyond the offer's time before we end the leg ourselves: Asterisk's own time-out counts whole seconds, ms. */
const offerGraceMs = 1_500;

/** The caller joins the line; a free seat is offered at once, else music and the place in line. */
export function joinQueue(step: Step, call: Call, name: string, priority: number): void {
  const queue = { name, priority, since: step.now };
  const waiting: Call = { ...call, state: 'waiting', queue, language: settingsOf(step, name).language, wakeAt: null };
  step.joinLine(step.saveCall(waiting));
  const ahead = step.board.matcher.ahead(call.callId) ?? 0;
  step.fact('call.queued', { callId: call.callId, queue: name, priority, ahead, menuMs: step.now - call.arrivedAt });
  offerAll(step);
  const now = step.board.calls.get(call.callId);
  if (now?.state === 'waiting') announce(step, now);
  else if (now) step.act({ callId: call.callId, type: 'startMusic', channelId: call.channelId });
}

/**
 * Says the place in line. The music behind it is part of the same playback, so that it goes on also when no server runs at the
 * prompt's end.
 */
export function announce(step: Step, call: Call): void {
  const ahead = step.board.matcher.ahead(call.callId);
  if (ahead === null || !call.queue) return;
  step.act({ callId: call.callId, type: 'stopMusic', channelId: call.channelId });
  const wakeAt = step.now + settingsOf(step, call.queue.name).announceEveryMs;
  step.saveCall({
    ...play(step, stopPlaying(step, call), [...positionPrompts(ahead, call.language), holdMusic]),
    wakeAt,
  });
  step.fact('call.positionSpoken', { callId: call.callId, ahead });
}

/** The music behind an announcement was played to its end, or could not be played: Asterisk's own goes on. */
export function backToMusic(step: Step, call: Call): void {
  step.saveCall({ ...call, playing: null });
  step.act({ callId: call.callId, type: 'startMusic', channelId: call.channelId });
}

/** Offers every caller to every seat that can be paired now; nothing while Asterisk is not connected. */
export function offerAll(step: Step): void {
  if (!step.board.online) return;
  for (const match of step.board.matcher.match(step.now)) offer(step, match);
}

/** The phone did not take the call: the seat is told why and gets no more, the caller keeps the place in line. */
export function missOffer(step: Step, call: Call, reason: MissReason): void {
  const { offer: missed } = call;
  if (!missed) return;
  const { number, seat, agentId, legId } = missed;
  step.fact('call.offerEnded', { callId: call.callId, offer: number, seat, agentId, reason });
  step.forgetLeg(legId);
  step.act({ callId: call.callId, type: 'hangUp', channelId: legId, reason: 'normal' });
  step.moveSeat(seat, { type: 'miss', reason });
  backInLine(step, call);
}

/** The offer is taken back for a reason that is not the seat's: the seat stays ready. */
export function withdrawOffer(step: Step, call: Call, reason: 'callerGone' | 'withdrawn'): Call {
  const { offer: withdrawn } = call;
  if (!withdrawn) return call;
  const { number, seat, agentId, legId } = withdrawn;
  step.fact('call.offerEnded', { callId: call.callId, offer: number, seat, agentId, reason });
  step.forgetLeg(legId);
  step.act({ callId: call.callId, type: 'hangUp', channelId: legId, reason: 'normal' });
  step.moveSeat(seat, { type: 'withdraw' });
  return { ...call, offer: null };
}

/** Back to `waiting` with the original time of joining. */
export function backInLine(step: Step, call: Call): void {
  const announceEveryMs = call.queue ? settingsOf(step, call.queue.name).announceEveryMs : 0;
  const waiting = step.saveCall({ ...call, state: 'waiting', offer: null, wakeAt: step.now + announceEveryMs });
  step.joinLine(waiting);
}

/** Settings of a queue; a queue that was deleted meanwhile keeps serving its callers with the first one's settings. */
export function settingsOf(step: Step, name: string): QueueSettings {
  const { queues } = step.board.settings;
  const settings = queues.get(name) ?? queues.values().next().value;
  if (!settings) throw new Error('no queue is set up');
  return settings;
}

function offer(step: Step, match: Match): void {
  const call = step.board.calls.get(match.callId);
  const seat = step.board.seats.get(match.seat);
  const phone = phoneToRing(match.seat, step.board.phones);
  if (!call?.queue || !seat || !phone) throw new Error('the matcher knows a call or seat that the board does not');
  const { callId } = call;
  const number = call.offerCount + 1;
  const legId = legIdOf(callId, number);
  const { offerTimeoutMs } = settingsOf(step, match.queue);
  step.touchQueue(match.queue);
  step.fact('queue.routed', { ...match, offer: number });
  const { agentId } = seat;
  const waitMs = step.now - call.queue.since;
  step.fact('call.offered', { callId, offer: number, seat: match.seat, agentId, waitMs, pop: null });
  step.moveSeat(match.seat, { type: 'offer', callId });
  step.saveCall({
    ...call,
    state: 'offered',
    offerCount: number,
    offer: { number, seat: match.seat, agentId, legId, at: step.now },
    wakeAt: step.now + offerTimeoutMs + offerGraceMs,
  });
  step.act({
    callId,
    type: 'ring',
    phone,
    legId,
    citizenChannelId: call.channelId,
    callerNumber: call.callerNumber,
    timeoutMs: offerTimeoutMs,
  });
  step.act({ callId, type: 'prepareBridge', bridgeId: bridgeIdOf(callId) });
}
