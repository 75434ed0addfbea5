import { me, type StandIn } from './stand-in.js';

const callId = '019a0000-0000-7000-8000-000000000001';

/** What the pop shows: an obviously made-up number with some history. */
export const pop = {
  callerNumber: '+8613800000001',
  callerDisplay: '138 0000 0001',
  region: { province: '江苏', city: '连云港' },
  dialled: '12345',
  queue: 'general',
  waitMs: 7400,
  menuPath: [
    { node: 'welcome', digit: '1' },
    { node: 'government', digit: null },
  ],
  history: {
    complete: true,
    calls: [
      { callId: 'old-1', at: '2026-11-18T02:11:00.000Z', queue: 'general', answered: true },
      { callId: 'old-2', at: '2026-11-02T07:30:00.000Z', queue: 'enterprise', answered: false },
    ],
    tickets: [
      {
        ticketId: 'old-ticket',
        number: '20261118000012',
        type: 'complaint',
        state: 'handling',
        title: '小区夜间施工噪声扰民，希望尽快处理',
        at: '2026-11-18T02:13:00.000Z',
      },
    ],
  },
};

/** Offers a call to the agent of the stand-in. */
export function offer(standIn: StandIn, id = callId): string {
  standIn.setSeat({ state: 'offered', reason: 'offer', callId: id });
  standIn.calls.unshift(record(id, { state: 'offered' }));
  standIn.push('call.offered', { callId: id, offer: 1, seat: '1001', agentId: me.id, waitMs: 7400, pop });
  return id;
}

export function answer(standIn: StandIn, id = callId): void {
  standIn.setSeat({ state: 'talking', reason: 'answered', callId: id });
  const call = standIn.calls.find((one) => one.id === id);
  Object.assign(call ?? {}, { state: 'talking', answeredAt: new Date().toISOString(), waitMs: 9100 });
  standIn.push('call.answered', { callId: id, offer: 1, seat: '1001', agentId: me.id, queue: 'general', waitMs: 9100 });
}

export function end(standIn: StandIn, id = callId): void {
  const wakeAt = new Date(Date.now() + 30000).toISOString();
  standIn.setSeat({ state: 'wrapUp', reason: 'callEnded', callId: id, wakeAt });
  const ended = { state: 'ended', endedBy: 'citizen', endCause: 'hungUp', talkMs: 64000 };
  Object.assign(standIn.calls.find((one) => one.id === id) ?? {}, ended);
  standIn.push('call.ended', { callId: id, by: 'citizen', cause: 'hungUp', during: 'talking', talkMs: 64000 });
}

/** A call of the list, ended and answered unless told otherwise. */
export function record(id: string, change: Record<string, unknown> = {}): Record<string, unknown> {
  const at = (seconds: number) => new Date(Date.parse('2026-11-21T01:20:00.000Z') + seconds * 1000).toISOString();
  return {
    id,
    callerNumber: '138****0001',
    queue: 'general',
    state: 'ended',
    arrivedAt: at(0),
    answeredAt: null,
    waitMs: null,
    talkMs: null,
    seat: '1001',
    agentId: me.id,
    endedBy: null,
    endCause: null,
    recording: { url: `/api/calls/${id}/recording` },
    timeline: [
      { at: at(0), type: 'call.arrived', data: { dialled: '12345' } },
      { at: at(4), type: 'call.menuStepped', data: { node: 'welcome', digit: '1' } },
      { at: at(5), type: 'call.queued', data: { queue: 'general', ahead: 2 } },
      { at: at(12), type: 'call.offered', data: { seat: '1001', offer: 1 } },
      { at: at(13), type: 'call.seatRang', data: { seat: '1001' } },
      { at: at(16), type: 'call.answered', data: { seat: '1001', queue: 'general' } },
      { at: at(80), type: 'call.ended', data: { by: 'citizen', cause: 'hungUp' } },
    ],
    ...change,
  };
}
