import { ApiError, onSignedOut, request } from './api.js';
import type {
  Account,
  CallRecord,
  CallView,
  LiveMessage,
  Offered,
  QueueName,
  QueueView,
  SeatChoice,
  SeatView,
} from './api-types.js';
import { LiveFeed } from './live.js';
import { learnQueues } from './names.js';
import { createPhone, type Phone } from './phone.js';
import { type CurrentCall, nothing, type Store } from './store.js';
import { text } from './texts.js';
import { forgetDrafts } from './ticket-draft.js';
import type { TicketForm } from './views/ticket-view.js';

const webPhoneKey = 'hotline.webPhone';
/** `{ callId, since }`: from where the pop of the present call can be had again after a reload. No personal data. */
const popKey = 'hotline.pop';
const refreshMs = 400;
const keptEvents = 100;

export const wantsWebPhone = (): boolean => localStorage.getItem(webPhoneKey) === 'yes';

/** What the agent can do, and what the page does by itself: between the API, the live messages, the phone and the store. */
export class Desk {
  readonly #store: Store;
  readonly #live: LiveFeed;
  readonly #phone: Phone;
  readonly #onTicketChanged: TicketForm['onTicketChanged'];
  readonly #timers = new Map<string, number>();
  /** The account that the phone runs for, to start it once only. */
  #phoneFor: string | null = null;

  constructor(store: Store, audio: HTMLAudioElement, onTicketChanged: TicketForm['onTicketChanged']) {
    this.#store = store;
    this.#onTicketChanged = onTicketChanged;
    this.#phone = createPhone(audio, (phone) => store.set({ phone }));
    this.#live = new LiveFeed({
      onMessage: (message) => this.#receive(message),
      onLink: (link) => store.set({ link }),
      onRefused: () => void this.#try(() => request('GET', '/api/me'), 'quiet'),
    });
    onSignedOut(() => {
      if (store.state.stage === 'signedIn') this.#forget(text('signedOut'));
    });
  }

  /** Opens the desk when somebody is signed in; keeps trying while the server is away. */
  async open(): Promise<void> {
    try {
      await this.#enter(await request<Account | { account: Account }>('GET', '/api/me'));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) return this.#store.set({ stage: 'signedOut', notice: null });
      this.#store.set({ notice: error.explain() });
      this.#later('open', 2000, () => this.open());
    }
  }

  /** @throws ApiError */
  async signIn(name: string, password: string): Promise<void> {
    await this.#enter(await request('POST', '/api/sign-in', { body: { name, password } }));
  }

  async signOut(): Promise<void> {
    await this.#try(() => request('POST', '/api/sign-out'));
    forgetDrafts();
    this.#forget(null);
  }

  async takeSeat(seat: string): Promise<void> {
    await this.#putSeat({ seat });
  }

  async leaveSeat(): Promise<void> {
    await this.#putSeat({ seat: null });
  }

  async setState(state: 'ready' | 'offline'): Promise<void> {
    await this.#putSeat({ state });
  }

  useWebPhone(on: boolean): void {
    localStorage.setItem(webPhoneKey, on ? 'yes' : 'no');
    this.#phoneFor = null;
    this.#store.set({ webPhone: on });
    this.#followPhone();
  }

  answer(): void {
    if (!this.#phone.answer()) this.#later('answer', 2500, () => this.#notArrived());
  }

  hangUp(): void {
    this.#phone.hangUp();
  }

  mute(on: boolean): void {
    this.#phone.mute(on);
  }

  closeCall(): void {
    sessionStorage.removeItem(popKey);
    this.#store.set({ call: null });
  }

  dismiss(): void {
    this.#store.set({ notice: null });
  }

  /** Opens a call of the list to write its ticket. */
  openCall(call: CallView): void {
    this.#store.set({
      call: {
        callId: call.id,
        phase: this.#phaseOf(call.id) ?? (call.state === 'talking' ? 'talking' : 'ended'),
        pop: null,
        caller: call.callerNumber,
        queue: call.queue,
        answeredAt: call.answeredAt,
      },
    });
  }

  async unfold(callId: string | null): Promise<void> {
    this.#store.set({ unfolded: callId === null ? null : { callId, record: null } });
    if (callId === null) return;
    const record = await this.#try(() => request<CallRecord>('GET', `/api/calls/${callId}`));
    if (record && this.#store.state.unfolded?.callId === callId) this.#store.set({ unfolded: { callId, record } });
  }

  async loadCalls(next: string | null = null): Promise<void> {
    const query = next === null ? '' : `?cursor=${encodeURIComponent(next)}`;
    const page = await this.#try(() =>
      request<{ items: CallView[]; next: string | null }>('GET', `/api/calls${query}`),
    );
    if (!page) return;
    const calls = next === null ? page.items : [...this.#store.state.calls, ...page.items];
    this.#store.set({ calls, callsNext: page.next, callsLoaded: true });
  }

  async #enter(answer: Account | { account: Account }): Promise<void> {
    const account = 'account' in answer ? answer.account : answer;
    this.#store.set({ ...nothing, stage: 'signedIn', account });
    const [seat] = await Promise.all([this.#loadSeat(), this.#loadSeats(), this.#loadQueueNames()]);
    await this.loadCalls();
    const pop = readPop();
    const resumes = seat?.callId !== null && seat?.callId === pop?.callId;
    if (seat?.callId) await this.#showCall(seat.callId);
    this.#live.start(resumes && pop ? pop.since : null);
  }

  #forget(notice: string | null): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#live.stop();
    this.#phone.stop();
    this.#phoneFor = null;
    sessionStorage.removeItem(popKey);
    this.#store.set({ ...nothing, stage: 'signedOut', notice });
  }

  async #putSeat(body: { seat?: string | null; state?: string }): Promise<void> {
    const answer = await this.#try(() => request<{ seat: SeatView | null }>('PUT', '/api/seat', { body }));
    if (answer) this.#setSeat(answer.seat);
    else await this.#loadSeat();
    await this.#loadSeats();
  }

  async #loadSeat(): Promise<SeatView | null> {
    const answer = await this.#try(() => request<{ seat: SeatView | null }>('GET', '/api/seat'));
    if (answer) this.#setSeat(answer.seat);
    return answer?.seat ?? null;
  }

  async #loadSeats(): Promise<void> {
    const answer = await this.#try(() => request<{ items: SeatChoice[] }>('GET', '/api/seats'), 'quiet');
    if (answer) this.#store.set({ seats: answer.items });
  }

  /** Queues' names come before anything that shows them. */
  async #loadQueueNames(): Promise<void> {
    const answer = await this.#try(() => request<{ items: QueueName[] }>('GET', '/api/queues'), 'quiet');
    if (answer) learnQueues(answer.items);
    this.#store.set({ queues: [...this.#store.state.queues] });
  }

  #setSeat(seat: SeatView | null): void {
    const { call } = this.#store.state;
    this.#store.set({ seat });
    if (call && (call.phase === 'offered' || call.phase === 'talking') && seat?.callId !== call.callId)
      this.#store.set({ call: { ...call, phase: call.phase === 'offered' ? 'missed' : 'ended' } });
    else if (call && seat?.callId === call.callId) this.#setPhase(call.callId, phases[seat.state] ?? call.phase);
    this.#followPhone();
  }

  /** The phone runs while its box is ticked and there is a seat. */
  #followPhone(): void {
    const { seat, webPhone } = this.#store.state;
    const sip = webPhone ? seat?.sip : undefined;
    const account = sip ? sip.webUser : null;
    if (account === this.#phoneFor) return;
    this.#phoneFor = account;
    if (!sip) return this.#phone.stop();
    const host = /@([^;:>]+)/.exec(sip.uri)?.[1] ?? location.hostname;
    void this.#phone.start({ host, user: sip.webUser, password: sip.webPassword, wsPath: sip.wsPath });
  }

  #receive(message: LiveMessage): void {
    const { data } = message;
    if (message.type !== 'queue.changed' && message.type !== 'reset')
      this.#store.set({ events: [message, ...this.#store.state.events].slice(0, keptEvents) });
    switch (message.type) {
      case 'seat.changed':
        return this.#seatChanged({ ...(data as Partial<SeatView>), since: message.at });
      case 'call.offered':
        return this.#offered(data as unknown as Offered, message.seq - 1);
      case 'call.answered':
        this.#setPhase(String(data.callId), 'talking', message.at);
        return this.#refreshCalls();
      case 'call.ended':
        this.#setPhase(String(data.callId), 'ended');
        return this.#refreshCalls();
      case 'queue.changed':
        return this.#queueChanged(data);
      case 'ticket.changed':
        return this.#onTicketChanged(String(data.ticketId), Number(data.version));
      case 'reset':
        return this.#reset(data.snapshot as Snapshot);
    }
  }

  #seatChanged(changed: Partial<SeatView>): void {
    const { seat, account } = this.#store.state;
    this.#later('seats', refreshMs, () => this.#loadSeats());
    const mine = changed.agentId === account?.id || (seat !== null && changed.seat === seat.seat);
    if (!mine) return;
    // The message is for every console: what only the agent may see (the phone's password) is not in it.
    if (seat && changed.agentId === seat.agentId && changed.seat === seat.seat)
      this.#setSeat({ ...seat, ...changed, ...(seat.sip ? { sip: seat.sip } : {}) });
    this.#later('seat', refreshMs, async () => void (await this.#loadSeat()));
  }

  #offered({ callId, seat, agentId, pop }: Offered, since: number | null): void {
    const { account, seat: own, call } = this.#store.state;
    if (agentId === undefined ? seat !== own?.seat : agentId !== account?.id) return;
    if (since !== null) sessionStorage.setItem(popKey, JSON.stringify({ callId, since }));
    const same = call?.callId === callId;
    const phase = this.#phaseOf(callId) ?? 'offered';
    const answeredAt = same ? call.answeredAt : null;
    const caller = same ? call.caller : null;
    this.#store.set({ call: { callId, phase, pop, caller, queue: pop?.queue ?? null, answeredAt }, unfolded: null });
  }

  /** A phase that the seat knows of is truer than one of a replayed message. */
  #phaseOf(callId: string): CurrentCall['phase'] | undefined {
    const { seat } = this.#store.state;
    return seat?.callId === callId ? phases[seat.state] : undefined;
  }

  #setPhase(callId: string, phase: CurrentCall['phase'], answeredAt?: string): void {
    const { call } = this.#store.state;
    if (call?.callId !== callId || (call.phase === 'ended' && phase !== 'ended')) return;
    this.#store.set({ call: { ...call, phase, answeredAt: call.answeredAt ?? answeredAt ?? null } });
  }

  #queueChanged(data: Record<string, unknown>): void {
    const changed = data as unknown as QueueView;
    const others = this.#store.state.queues.filter(({ queue }) => queue !== changed.queue);
    this.#store.set({ queues: [...others, changed].sort((a, b) => a.queue.localeCompare(b.queue)) });
  }

  /** A new console, or messages were missed for good: everything is read anew. */
  #reset({ queues, offered }: Snapshot): void {
    if (queues) this.#store.set({ queues });
    if (offered) this.#offered(offered, null);
    void Promise.all([this.#loadSeat(), this.#loadSeats(), this.loadCalls()]).then(() => {
      const { seat, call } = this.#store.state;
      if (seat?.callId && call?.callId !== seat.callId) void this.#showCall(seat.callId);
    });
  }

  /** Shows a call of which the pop is not at hand (yet). */
  async #showCall(callId: string): Promise<void> {
    const record = await this.#try(() => request<CallRecord>('GET', `/api/calls/${callId}`), 'quiet');
    if (record) this.openCall(record);
  }

  #refreshCalls(): void {
    this.#later('calls', refreshMs, () => this.loadCalls());
  }

  #notArrived(): void {
    const { call, phone } = this.#store.state;
    if (call?.phase === 'offered' && phone.call === 'none') this.#store.set({ notice: text('notArrived') });
  }

  #later(name: string, ms: number, act: () => Promise<void> | void): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(
      name,
      window.setTimeout(() => void act(), ms),
    );
  }

  /** The result; null after an error, which the agent is told of unless `quiet`. */
  async #try<T>(act: () => Promise<T>, quiet?: 'quiet'): Promise<T | null> {
    try {
      const result = await act();
      return result;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!quiet && error.status !== 401) this.#store.set({ notice: error.explain() });
      return null;
    }
  }
}

/** What the page takes from the snapshot of a `reset`. */
interface Snapshot {
  queues?: QueueView[];
  offered?: Offered | null;
}

/** What the seat's state says about its call. */
const phases: Partial<Record<SeatView['state'], CurrentCall['phase']>> = {
  offered: 'offered',
  talking: 'talking',
  wrapUp: 'ended',
};

function readPop(): { callId: string; since: number } | null {
  const kept = sessionStorage.getItem(popKey);
  return kept === null ? null : JSON.parse(kept);
}
