import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '../../src/platform/provision/setup-error.js';
import type { DemoAgent } from './demo.js';
import type { Exchange, Phone, PhoneCall } from './exchange.js';

export interface DeskOptions {
  url: string;
  ringMs: number;
  /** The sine that the agent of this index speaks; null says nothing. */
  toneOf(index: number): number | null;
}

/** Scripted agents: signed in through the public API, ready, with phones that answer. */
export interface AgentDesk {
  /** Called with every call that rings at one of the phones. */
  onCall(listener: (call: PhoneCall, agentIndex: number) => void): void;
  /** Offline, signed out. The phones end with the exchange. */
  close(): Promise<void>;
}

interface Agent {
  account: DemoAgent;
  token: string;
  phone: Phone;
}

/**
 * Signs agents in, registers their phones and readies their seats. An agent is ready for the next call as soon as the
 * hotline lets them: nobody writes up anything here.
 * @throws SetupError when a step is refused, naming the step and the agent's place in the list
 */
export async function openDesk(exchange: Exchange, accounts: DemoAgent[], options: DeskOptions): Promise<AgentDesk> {
  const listeners: ((call: PhoneCall, agentIndex: number) => void)[] = [];
  let open = true;
  const agents = await Promise.all(
    accounts.map(async (account, index): Promise<Agent> => {
      const tone = options.toneOf(index);
      const phone = exchange.phone({
        ...account.sip,
        policy: { kind: 'answer', afterMs: options.ringMs, ...(tone === null ? {} : { toneHz: tone }) },
      });
      const signIn = ask(options.url, 'POST', '/api/sign-in', { name: account.name, password: account.password });
      const [answer] = await Promise.all([step('sign-in', index, signIn), step('register', index, phone.registered)]);
      const { token } = answer as { token: string };
      const agent = { account, token, phone };
      await step('seat', index, ready(agent));
      phone.onCall((call) => {
        for (const listener of listeners) listener(call, index);
        call.ended.then(() => (open ? ready(agent) : undefined)).catch(() => undefined);
      });
      return agent;
    }),
  );

  /** The hotline learns of a call's end a moment after the phone: a refusal in between is asked again. */
  async function ready({ account, token }: Agent): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await ask(options.url, 'PUT', '/api/seat', { seat: account.seat, state: 'ready' }, token);
        return;
      } catch (error) {
        if (!open || attempt === 10) throw error;
        await sleep(50 * attempt);
      }
    }
  }

  return {
    onCall: (listener) => listeners.push(listener),
    async close() {
      open = false;
      await Promise.all(
        agents.map(async ({ account, token }) => {
          await ask(options.url, 'PUT', '/api/seat', { seat: account.seat, state: 'offline' }, token).catch(
            () => undefined,
          );
          await ask(options.url, 'POST', '/api/sign-out', {}, token).catch(() => undefined);
        }),
      );
    },
  };
}

async function step<T>(name: string, index: number, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw new SetupError(
      `第 ${index + 1} 名演示话务员未能就绪（${name}）：${why}`,
      `demo agent ${index + 1} could not be readied (${name}): ${why}`,
      { cause: error },
    );
  }
}

async function ask(url: string, method: string, path: string, body: object, token?: string): Promise<unknown> {
  const answer = await fetch(new URL(path, url), {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  const parsed = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {};
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${parsed.code ?? ''}`.trim());
  return parsed;
}
