import { setTimeout as delay } from 'node:timers/promises';
import { citizens } from './ari.js';
import type { System } from './system.js';

export interface DrainOptions {
  /** How long calls may go on. */
  seconds: number;
  /** Resolves when a person asks again: then everything ends at once. */
  now: Promise<void>;
  tell(line: string): void;
}

/**
 * Ends the system: the server is asked to take no new calls (SIGUSR2), calls may end by themselves for the set time, the
 * rest is hung up, then the parts end one after the other: the server first, which writes down how the calls ended, the
 * database last. Returns when no process is left.
 */
export async function drain(system: System, options: DrainOptions): Promise<void> {
  let impatient = false;
  const hurry = options.now.then(() => {
    impatient = true;
  });
  if (system.server.process && system.server.healthyAt > 0) process.kill(system.server.process.pid, 'SIGUSR2');
  const deadline = Date.now() + options.seconds * 1000;
  let told: number | null = null;
  for (;;) {
    const left = await callsLeft(system);
    if (left === 0 || impatient || Date.now() >= deadline) break;
    if (left !== told)
      options.tell(
        `正在停止：还有 ${left} 个通话，最多等待 ${secondsTo(deadline)} 秒；再按 Ctrl-C 立即结束 / stopping: ${left} calls left, waiting up to ${secondsTo(deadline)} s; Ctrl-C again ends at once`,
      );
    told = left;
    await Promise.race([hurry, delay(500)]);
  }
  options.tell('正在挂断并停止 / hanging up and stopping');
  await hangUpAll(system);
  await Promise.race([endInOrder(system), hurry.then(() => endAtOnce(system))]);
  options.tell('已停止 / stopped');
}

async function endInOrder({ server, edge, asterisk, postgres }: System): Promise<void> {
  await server.stop();
  await Promise.all([edge.stop(), asterisk.stop()]);
  await postgres?.stop();
}

async function endAtOnce({ server, edge, asterisk, postgres }: System): Promise<void> {
  await Promise.all([server.stop(true), edge.stop(true), asterisk.stop(true)]);
  // Its fast shutdown takes a tenth of a second and saves a recovery at the next start.
  await postgres?.stop();
}

/** Calls of citizens that Asterisk still holds; 0 when it does not answer, since nobody can be waited for then. */
async function callsLeft({ ari }: System): Promise<number> {
  const channels = await ari.channels().catch(() => null);
  return citizens(channels ?? []).length;
}

/** Hangs up every channel and gives the server a moment to be told of it. */
async function hangUpAll({ ari }: System): Promise<void> {
  const channels = (await ari.channels().catch(() => null)) ?? [];
  await Promise.allSettled(channels.map(({ id }) => ari.hangUp(id)));
  for (let waited = 0; channels.length > 0 && waited < 1000; waited += 100) {
    if (((await ari.channels().catch(() => null)) ?? []).length === 0) break;
    await delay(100);
  }
}

const secondsTo = (deadline: number) => Math.max(0, Math.ceil((deadline - Date.now()) / 1000));
