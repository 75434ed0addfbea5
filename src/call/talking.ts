import type { MissReason } from '../seat/seat.js';
import type { Step } from './board.js';
import type { Call } from './call.js';
import { bridgeIdOf } from './call-id.js';
import { stopPlaying } from './playing.js';
import { backInLine, settingsOf } from './waiting.js';

/** The offered seat's phone was answered: both sides are joined. */
export function seatAnswered(step: Step, call: Call): void {
  const { offer, callId, channelId } = call;
  if (!offer || !call.queue) return;
  const { number, seat, agentId, legId } = offer;
  const talk = { seat, agentId, legId, answeredAt: step.now };
  step.saveCall({ ...stopPlaying(step, call), state: 'talking', offer: null, talk, wakeAt: null });
  step.act({ callId, type: 'stopMusic', channelId });
  step.act({ callId, type: 'join', bridgeId: bridgeIdOf(callId), channelIds: [channelId, legId] });
  step.moveSeat(seat, { type: 'answer' });
  const queue = call.queue.name;
  const waitMs = step.now - call.queue.since;
  step.fact('call.answered', { callId, offer: number, seat, agentId, queue, waitMs, ringMs: step.now - offer.at });
}

/** The two could not be joined: the leg is dropped, the caller goes back to the place in line. */
export function joinFailed(step: Step, call: Call): void {
  const { talk } = call;
  if (!talk) return;
  step.act({ callId: call.callId, type: 'hangUp', channelId: talk.legId, reason: 'normal' });
  step.forgetLeg(talk.legId);
  step.moveSeat(talk.seat, { type: 'callEnd', wrapUpMs: call.queue ? settingsOf(step, call.queue.name).wrapUpMs : 0 });
  step.act({ callId: call.callId, type: 'startMusic', channelId: call.channelId });
  backInLine(step, { ...call, talk: null });
}

/** Why a leg ended unanswered, from its Q.850 cause. */
export function missReasonOf(q850: number): MissReason {
  if (q850 === 17) return 'busy';
  if (q850 === 21) return 'rejected';
  if (q850 === 18 || q850 === 19 || q850 === 16) return 'noAnswer';
  return 'unreachable';
}
