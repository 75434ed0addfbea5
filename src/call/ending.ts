import type { HangUpReason } from '../platform/asterisk/port.js';
import type { Step } from './board.js';
import type { Call, EndCause, EndedBy } from './call.js';
import { bridgeIdOf } from './call-id.js';
import { settingsOf, withdrawOffer } from './waiting.js';

/** We end the call: the citizen's channel is hung up and the call is over at once, whatever Asterisk answers. */
export function hangUpCitizen(step: Step, call: Call, cause: EndCause, reason: HangUpReason): void {
  step.act({ callId: call.callId, type: 'hangUp', channelId: call.channelId, reason });
  endCall(step, call, 'hotline', cause);
}

/** The agent's leg left: the citizen is hung up too. */
export function agentLeft(step: Step, call: Call): void {
  step.act({ callId: call.callId, type: 'hangUp', channelId: call.channelId, reason: 'normal' });
  endCall(step, call, 'agent', 'hungUp');
}

/**
 * Closes a call in the record and frees what it held: the offer is withdrawn, the agent's leg hung up and the seat sent to
 * wrap-up, the bridge destroyed. The citizen's channel is gone already or was hung up by the caller of this.
 */
export function endCall(step: Step, ending: Call, by: EndedBy, cause: EndCause): void {
  const { callId } = ending;
  const hadBridge = ending.offerCount > 0;
  const call = withdrawOffer(step, ending, 'callerGone');
  const { talk, queue } = call;
  const answeredOrEnd = talk?.answeredAt ?? step.now;
  step.fact('call.ended', {
    callId,
    by,
    cause,
    during: ending.state,
    queue: queue?.name ?? null,
    seat: talk?.seat ?? null,
    agentId: talk?.agentId ?? null,
    waitMs: queue ? answeredOrEnd - queue.since : null,
    talkMs: talk ? step.now - talk.answeredAt : null,
  });
  if (talk) {
    if (by !== 'agent') step.act({ callId, type: 'hangUp', channelId: talk.legId, reason: 'normal' });
    const wrapUpMs = queue ? settingsOf(step, queue.name).wrapUpMs : 0;
    step.moveSeat(talk.seat, { type: 'callEnd', wrapUpMs });
  }
  if (hadBridge) step.act({ callId, type: 'destroyBridge', bridgeId: bridgeIdOf(callId) });
  step.dropCall(call);
  step.board.released.set(call.channelId, callId);
}
