import type { ChannelView, TelephonySnapshot } from '../platform/asterisk/port.js';
import type { Step } from './board.js';
import type { Call } from './call.js';
import { bridgeIdOf, callOfBridge, callOfLeg } from './call-id.js';
import { agentLeft, endCall, hangUpCitizen } from './ending.js';
import { arrive, continueMenu } from './menu-flow.js';
import { seatAnswered } from './talking.js';
import { missOffer, settingsOf, withdrawOffer } from './waiting.js';

/** Dialplan context of calls that come in on a trunk, and the word it hands to our application. */
const inbound = 'inbound';

/**
 * Brings the board and Asterisk together after a connect: first time, again, or a fresh process that read its state from the
 * journal. Events that were missed show as differences. Nothing is done twice: what is still right is left alone.
 * @param fresh true for the first connect of this process: the calls that go on are marked as taken over.
 */
export function reconcile(step: Step, snapshot: TelephonySnapshot, fresh: boolean): void {
  const { board } = step;
  const restarted = board.asteriskStartedAt !== null && board.asteriskStartedAt !== snapshot.startedAt;
  if (board.asteriskStartedAt !== snapshot.startedAt) {
    board.asteriskStartedAt = snapshot.startedAt;
    step.fact('state.asterisk', { startedAt: snapshot.startedAt });
  }
  board.online = true;
  const channels = new Map(snapshot.channels.map((channel) => [channel.channelId, channel]));
  const bridged = new Map(snapshot.bridges.map((bridge) => [bridge.bridgeId, bridge.channelIds]));

  // Calls that ended, or end below, hang up their channels: those are not new ones.
  const known = new Set([...board.channels.keys(), ...board.released.keys()]);
  reconcilePhones(step, snapshot);
  for (const call of [...board.calls.values()]) {
    if (restarted) endCall(step, call, 'asterisk', 'asteriskLost');
    else reconcileCall(step, call, channels, bridged, fresh);
  }
  freeStraySeats(step);
  for (const [channelId, callId] of [...board.released]) {
    if (channels.get(channelId)?.inApplication) step.act({ callId, type: 'hangUp', channelId, reason: 'normal' });
    else board.released.delete(channelId);
  }
  for (const channel of snapshot.channels) {
    if (known.has(channel.channelId)) continue;
    if (channel.inApplication && channel.args[0] === inbound) arrive(step, channel);
    const legOf = callOfLeg(channel.channelId);
    if (legOf) step.act({ callId: legOf, type: 'hangUp', channelId: channel.channelId, reason: 'normal' });
  }
  for (const { bridgeId } of snapshot.bridges) {
    const callId = callOfBridge(bridgeId);
    if (callId && !board.calls.has(callId)) step.act({ callId, type: 'destroyBridge', bridgeId });
  }
}

function reconcilePhones(step: Step, snapshot: TelephonySnapshot): void {
  const reachable = new Set(snapshot.phones.filter((phone) => phone.reachable).map(({ phone }) => phone));
  for (const phone of [...step.board.phones]) if (!reachable.has(phone)) step.setPhone(phone, false);
  for (const phone of reachable) step.setPhone(phone, true);
}

function reconcileCall(
  step: Step,
  call: Call,
  channels: ReadonlyMap<string, ChannelView>,
  bridged: ReadonlyMap<string, readonly string[]>,
  fresh: boolean,
): void {
  const citizen = channels.get(call.channelId);
  if (!citizen) return endCall(step, call, 'unknown', 'endedWhileAway');
  if (!citizen.inApplication) return endCall(step, call, 'hotline', 'movedToEmergency');
  if (fresh) step.fact('call.takenOver', { callId: call.callId, during: call.state });
  switch (call.state) {
    case 'menu':
      return continueMenu(step, call);
    case 'leaving':
      return hangUpCitizen(step, call, call.leavingFor ?? 'menuEnded', 'normal');
    case 'waiting':
      return goOnWaiting(step, call);
    case 'offered':
      return reconcileOffer(step, call, channels);
    case 'talking':
      return reconcileTalk(step, call, channels, bridged);
  }
}

/** A prompt that was under way may have ended unseen: music in any case, the next announcement in its time. */
function goOnWaiting(step: Step, call: Call): void {
  const everyMs = call.queue ? settingsOf(step, call.queue.name).announceEveryMs : 0;
  step.act({ callId: call.callId, type: 'startMusic', channelId: call.channelId });
  step.joinLine(step.saveCall({ ...call, playing: null, wakeAt: step.now + everyMs }));
}

function reconcileOffer(step: Step, call: Call, channels: ReadonlyMap<string, ChannelView>): void {
  const leg = call.offer && channels.get(call.offer.legId);
  step.act({ callId: call.callId, type: 'startMusic', channelId: call.channelId });
  const offered = step.saveCall({ ...call, playing: null });
  if (leg?.inApplication) {
    step.act({ callId: call.callId, type: 'prepareBridge', bridgeId: bridgeIdOf(call.callId) });
    return seatAnswered(step, offered);
  }
  if (leg) return;
  // The leg is gone and nobody saw why: past its time the seat did not answer, before it the seat is not blamed.
  if (call.wakeAt !== null && step.now >= call.wakeAt) return missOffer(step, offered, 'noAnswer');
  goOnWaiting(step, { ...withdrawOffer(step, offered, 'withdrawn'), state: 'waiting' });
}

function reconcileTalk(
  step: Step,
  call: Call,
  channels: ReadonlyMap<string, ChannelView>,
  bridged: ReadonlyMap<string, readonly string[]>,
): void {
  if (!call.talk) return;
  const { legId } = call.talk;
  if (!channels.has(legId)) return agentLeft(step, call);
  const bridgeId = bridgeIdOf(call.callId);
  const members = bridged.get(bridgeId) ?? [];
  if (members.includes(call.channelId) && members.includes(legId)) return;
  const { callId } = call;
  step.act({ callId, type: 'prepareBridge', bridgeId });
  step.act({ callId, type: 'stopMusic', channelId: call.channelId });
  step.act({ callId, type: 'join', bridgeId, channelIds: [call.channelId, legId] });
}

/** A seat that is offered or talks on a call that no longer exists is freed. */
function freeStraySeats(step: Step): void {
  for (const seat of [...step.board.seats.values()]) {
    const call = seat.callId ? step.board.calls.get(seat.callId) : undefined;
    if (seat.state === 'offered' && call?.offer?.seat !== seat.seat) step.moveSeat(seat.seat, { type: 'withdraw' });
    if (seat.state === 'talking' && call?.talk?.seat !== seat.seat) {
      step.moveSeat(seat.seat, { type: 'callEnd', wrapUpMs: 0 });
    }
  }
}
