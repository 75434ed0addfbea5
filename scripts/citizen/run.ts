import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentDesk } from './agent-desk.js';
import type { CitizenCall, Exchange, PhoneCall } from './exchange.js';
import type { CitizenOptions } from './options.js';
import { type CallReport, masked, type Outcome, type Summary, summarize } from './story.js';

export interface RunParts {
  exchange: Exchange;
  /** Null without scripted agents. */
  desk: AgentDesk | null;
  /** What to dial. */
  hotline: string;
  /** Takes a line of a call's story; nobody listens under load. */
  tell(call: number, line: string): void;
  /** Ends the run early: calls that are up are hung up, no more are dialled. */
  signal: AbortSignal;
}

export interface RunResult {
  calls: CallReport[];
  summary: Summary;
}

/** Sound is checked up to so many calls; beyond, listening would cost as much as the calls. */
const mostListening = 20;
const answerLimitMs = 20_000;
/** People hear the greeting for a moment before they press a key. */
const beforeKeysMs = 1000;
const beforeLeavingMs = 3000;

/** Sines that tell parties apart: citizens above, agents below 800 Hz. */
export const citizenTone = (index: number) => 1000 + 100 * (index % 10);
export const agentTone = (index: number) => 400 + 40 * (index % 10);

/** Dials the asked number of calls at the asked rate and sees each through to its end. */
export async function runCitizens(options: CitizenOptions, parts: RunParts): Promise<RunResult> {
  const { exchange, desk, signal } = parts;
  const offers = new Offers(desk);
  const started = performance.now();
  const exchangeCpu = exchange.cpuMs();
  const toolCpu = process.cpuUsage();
  const late: number[] = [];
  const running: Promise<CallReport>[] = [];
  const up = new Set<Citizen>();
  signal.addEventListener('abort', () => leaveAll(up), { once: true });
  for (let index = 0; index < options.count; index++) {
    const due = started + (index * 1000) / options.rate;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    late.push(Math.max(0, performance.now() - due));
    const citizen = new Citizen(index, options, parts, offers);
    up.add(citizen);
    running.push(citizen.run().finally(() => up.delete(citizen)));
  }
  const calls = await Promise.all(running);
  const cpu = process.cpuUsage(toolCpu);
  return {
    calls,
    summary: summarize(calls, late, {
      seconds: (performance.now() - started) / 1000,
      cpu: { exchange: (exchange.cpuMs() - exchangeCpu) / 1000, tool: (cpu.user + cpu.system) / 1e6 },
    }),
  };
}

function leaveAll(citizens: ReadonlySet<Citizen>): void {
  for (const citizen of citizens) citizen.leave();
}

interface Connected {
  call: PhoneCall;
  agentIndex: number;
}

/** Finds the citizen whose call rings at an agent's phone, by the number shown there. */
class Offers {
  readonly #waiting = new Map<string, { offered(at: number): void; connected(to: Connected): void }>();

  constructor(desk: AgentDesk | null) {
    desk?.onCall((call, agentIndex) => {
      const citizen = this.#waiting.get(key(call.from ?? ''));
      if (!citizen) return;
      citizen.offered(call.invitedAt);
      call.answered.then((at) => at !== null && citizen.connected({ call, agentIndex }));
    });
  }

  expect(from: string, citizen: { offered(at: number): void; connected(to: Connected): void }): void {
    this.#waiting.set(key(from), citizen);
  }

  forget(from: string): void {
    this.#waiting.delete(key(from));
  }
}

/** The hotline shows numbers as E.164; a trunk sends them as people dial them. */
function key(number: string): string {
  return number.replace(/^\+?86(?=1)/, '').replace(/^[+0]+/, '');
}

class Citizen {
  readonly #number: number;
  readonly #from: string;
  readonly #call: CitizenCall;
  #offeredAt: number | null = null;
  #agentAt: number | null = null;
  #voiceAt: number | null = null;
  /** From when the citizen waits for an agent. */
  #waitingFrom: number | null = null;

  constructor(
    private readonly index: number,
    private readonly options: CitizenOptions,
    private readonly parts: RunParts,
    private readonly offers: Offers,
  ) {
    this.#number = index + 1;
    this.#from = countedUp(options.from, index);
    this.#call = parts.exchange.call({
      from: this.#from,
      to: parts.hotline,
      ...(options.sound ? { toneHz: citizenTone(index) } : {}),
      listen: this.#listens,
    });
  }

  /** Ends the call at once, whatever was planned. */
  leave(): void {
    this.#call.hangUp();
  }

  async run(): Promise<CallReport> {
    this.#tell(`拨打 ${this.parts.hotline}，主叫 ${masked(this.#from)} / dials`);
    const lived = await this.#live().catch((): Outcome => (this.#call.end ? 'cutOff' : 'scriptFailed'));
    const outcome = this.parts.signal.aborted && !asAsked.has(lived) ? 'interrupted' : lived;
    const end = await this.#call.hangUp();
    this.offers.forget(this.#from);
    const { placedAt, answeredAt } = this.#call;
    const since = (from: number | null, to: number | null) =>
      from === null || to === null ? null : Math.max(0, Math.round(to - from));
    return {
      call: this.#number,
      from: masked(this.#from),
      ok: asAsked.has(outcome),
      outcome,
      at: new Date(placedAt).toISOString(),
      answerMs: since(placedAt, answeredAt),
      offerMs: since(this.#waitingFrom, this.#offeredAt),
      waitMs: since(this.#waitingFrom, this.#agentAt),
      voiceMs: since(this.#agentAt, this.#voiceAt),
      lengthMs: end.at - placedAt,
      endedBy: end.byUs ? 'citizen' : 'hotline',
      cause: end.cause,
      sipStatus: end.sipStatus,
    };
  }

  async #live(): Promise<Outcome> {
    const { options } = this;
    const connected = new Promise<Connected>((resolve) =>
      this.offers.expect(this.#from, {
        offered: (at) => this.#onOffered(at),
        connected: (to) => {
          this.#agentAt = to.call.answeredAt;
          resolve(to);
        },
      }),
    );
    if ((await this.#within(answerLimitMs, this.#call.answered)) === undefined || this.#call.answeredAt === null)
      return 'notAnswered';
    this.#waitingFrom = this.#call.answeredAt;
    this.#tell('热线接听 / the hotline answers');
    if (!(await this.#stay(beforeKeysMs))) return 'cutOff';
    if (options.hangUpIn === 'menu') return this.#leave('leftInMenu');
    if (options.press !== '') {
      this.#tell(`按键 / presses ${'*'.repeat(options.press.length)}`);
      this.#waitingFrom = await this.#call.press(options.press);
    }
    if (options.hangUpIn === 'queue')
      return (await this.#stay(beforeLeavingMs)) ? this.#leave('leftInQueue') : 'cutOff';
    if (!this.parts.desk) return (await this.#stay(options.talkSeconds * 1000)) ? 'stayed' : 'cutOff';
    const agent = await this.#within(options.patienceSeconds * 1000, connected);
    if (!agent) return this.#call.end ? 'cutOff' : 'noAgent';
    this.#tell(`话务员 ${agent.agentIndex + 1} 接听 / agent ${agent.agentIndex + 1} answers`);
    const heard = this.#listens ? this.#bothHear(agent).catch(() => false) : Promise.resolve(true);
    if (!(await this.#stay(options.talkSeconds * 1000))) return 'cutOff';
    return (await heard) ? 'talked' : 'noVoice';
  }

  #onOffered(at: number): void {
    if (this.#offeredAt === null) this.#tell('话务员振铃 / an agent’s phone rings');
    this.#offeredAt ??= at;
  }

  #leave(outcome: Outcome): Outcome {
    return this.#agentAt === null ? outcome : 'agentTooEarly';
  }

  get #listens(): boolean {
    return this.options.sound && this.parts.desk !== null && this.options.count <= mostListening;
  }

  async #bothHear({ call, agentIndex }: Connected): Promise<boolean> {
    const [atCitizen, atAgent] = await Promise.all([
      this.#call.heard(agentTone(agentIndex)),
      call.heard(citizenTone(this.index)),
    ]);
    this.#voiceAt = atCitizen;
    if (atCitizen !== null && atAgent !== null) this.#tell('双方听到对方 / both hear each other');
    return atCitizen !== null && atAgent !== null;
  }

  /** @returns true when the call is still up after so long */
  async #stay(ms: number): Promise<boolean> {
    await this.#within(ms, new Promise(() => undefined));
    return this.#call.end === null;
  }

  /** Waits for something for so long at most, and no longer than the call lasts; undefined then. */
  async #within<T>(ms: number, awaited: Promise<T>): Promise<T | undefined> {
    const over = new AbortController();
    const timer = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      return await Promise.race([awaited, timer, this.#call.ended.then(() => undefined)]);
    } finally {
      over.abort();
    }
  }

  #tell(line: string): void {
    this.parts.tell(this.#number, line);
  }
}

const asAsked: ReadonlySet<Outcome> = new Set(['talked', 'stayed', 'leftInMenu', 'leftInQueue']);

/** The number that is `by` above, of the same length. */
export function countedUp(number: string, by: number): string {
  const digits = number.replace('+', '');
  const next = (BigInt(digits) + BigInt(by)).toString().padStart(digits.length, '0').slice(-digits.length);
  return number.startsWith('+') ? `+${next}` : next;
}
