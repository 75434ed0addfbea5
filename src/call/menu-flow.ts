import { parseNumber } from '../citizen/number.js';
import { type MenuAct, type MenuEvent, type MenuState, menuDecide, resumeMenu, startMenu } from '../ivr/interpreter.js';
import type { Menu } from '../ivr/menu.js';
import type { ChannelView } from '../platform/asterisk/port.js';
import { admit } from './admission.js';
import type { Step } from './board.js';
import { type Call, type EndCause, newCall } from './call.js';
import { callIdOf } from './call-id.js';
import { hangUpCitizen } from './ending.js';
import { play, stopPlaying } from './playing.js';
import { joinQueue } from './waiting.js';

/** Longest time that a farewell may take before the citizen is hung up all the same, ms. */
const farewellMs = 20_000;

/** A citizen's channel that no call is known for yet: admitted into the menu, or turned away (V25). */
export function arrive(step: Step, channel: ChannelView): void {
  const { board, now } = step;
  const callId = callIdOf(channel.channelId, channel.createdAt);
  const callerNumber = parseNumber(channel.callerNumber ?? '', board.settings.areaCode).e164;
  const facts = { callId, channelId: channel.channelId, callerNumber, dialled: channel.dialled };
  step.fact('call.arrived', { ...facts, recording: `${channel.channelId}.raw` });

  const { admission, state } = admit(board.settings.admission, board.admission, board.calls.size, now);
  board.admission = state;
  const call = { ...facts, arrivedAt: now };
  if (admission === 'shed') {
    step.fact('call.refused', { callId, cause: 'tooManyCalls' });
    hangUpCitizen(step, step.saveCall(newCall(call, 'leaving')), 'tooManyCalls', 'congestion');
    return;
  }
  step.act({ callId, type: 'answer', channelId: channel.channelId });
  if (board.draining || admission === 'refused') {
    const cause = board.draining ? 'draining' : 'tooManyCalls';
    step.fact('call.refused', { callId, cause });
    sayFarewell(step, newCall(call, 'leaving'), ['overload'], cause);
    return;
  }
  const { version, menu } = board.settings.menu;
  const started = startMenu(menu, now);
  const inMenu: Call = { ...newCall(call, 'menu'), menu: { version, state: started.state } };
  followMenu(step, inMenu, null, started);
}

/** A digit, the end of a prompt or a time-out in the menu. */
export function menuEvent(step: Step, call: Call, event: MenuEvent): void {
  if (!call.menu) return;
  const decided = menuDecide(menuOf(step, call.menu.version), call.menu.state, event, step.now);
  const next = event.type === 'promptEnded' ? { ...call, playing: null } : call;
  followMenu(step, next, call.menu.state, decided);
}

/** A fresh process goes on in the menu: the node under way is played again from its beginning. */
export function continueMenu(step: Step, call: Call): void {
  const version = call.menu?.version ?? step.board.settings.menu.version;
  const menu = step.board.settings.menuVersion(version);
  const known = menu && call.menu;
  const current = step.board.settings.menu;
  const resumed = known ? resumeMenu(menu, call.menu.state, step.now) : startMenu(current.menu, step.now);
  const state = { version: known ? version : current.version, state: resumed.state };
  followMenu(step, { ...stopPlaying(step, call), menu: state }, call.menu?.state ?? null, resumed);
}

/** The last words to a citizen; then the line is closed. */
export function sayFarewell(step: Step, call: Call, prompts: readonly string[], cause: EndCause): void {
  const leaving: Call = { ...call, state: 'leaving', leavingFor: cause, wakeAt: step.now + farewellMs };
  step.saveCall(play(step, leaving, prompts));
}

function followMenu(
  step: Step,
  call: Call,
  before: MenuState | null,
  decided: { state: MenuState; acts: readonly MenuAct[] },
): void {
  const version = call.menu?.version ?? step.board.settings.menu.version;
  for (const visited of decided.state.path.slice(before?.path.length ?? 0)) {
    step.fact('call.menuStepped', { callId: call.callId, version, node: visited.node, digit: visited.digit });
  }
  let next: Call = { ...call, menu: { version, state: decided.state }, wakeAt: decided.state.wakeAt };
  for (const act of decided.acts) {
    switch (act.type) {
      case 'play':
        next = play(step, next, act.prompts);
        break;
      case 'stopPlaying':
        next = stopPlaying(step, next);
        break;
      case 'queue':
        joinQueue(step, stopPlaying(step, next), act.queue, act.priority);
        return;
      case 'hangUp':
        hangUpCitizen(step, step.saveCall(next), 'menuEnded', 'normal');
        return;
    }
  }
  step.saveCall(next);
}

function menuOf(step: Step, version: string): Menu {
  return step.board.settings.menuVersion(version) ?? step.board.settings.menu.menu;
}
