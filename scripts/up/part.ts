import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { guarded } from '../../src/platform/provision/guarded.js';
import { startTime } from '../../src/platform/provision/pid-lock.js';
import type { Command } from '../../src/platform/provision/programs.js';
import type { LogFile } from './log-file.js';

export interface PartOptions {
  name: string;
  /** Asked before each start, so that a restart may prepare things again. */
  command(): Promise<Command & { as?: { uid?: number; gid?: number } }>;
  /** Whole environment of the process; `command.env` is added. */
  env: NodeJS.ProcessEnv;
  cwd: string;
  log: LogFile;
  /** True when it works. Asked every `everyMs`; `failures` refusals in a row after it once worked mean kill and restart. */
  probe(): Promise<boolean>;
  everyMs: number;
  failures: number;
  /** Without a first success in this time it is started again. */
  startMs: number;
  /** What asks it to end; after `patienceMs` follows SIGKILL. */
  endSignal: 'SIGTERM' | 'SIGINT';
  patienceMs: number;
  /** One line about its life for the screen. */
  tell(line: string): void;
  /** Called whenever a process was started or has ended. */
  onChange(): void;
}

/**
 * One supervised process: runs it, restarts it alone when it ends or stops answering, with a growing pause (0.1 s, then
 * doubled up to 10 s, from the start again after half a minute of health). It has a process group of its own: Ctrl-C at
 * the terminal does not reach it, and its group is killed as a whole.
 */
export class Part {
  /** Milliseconds since the epoch of the last good answer; 0 before the first. */
  healthyAt = 0;
  healthy = false;
  process: { pid: number; start: string } | null = null;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  #restarts = 0;
  #loop: Promise<void> | null = null;
  #waiters: (() => void)[] = [];
  readonly #abort = new AbortController();

  constructor(readonly options: PartOptions) {}

  get name(): string {
    return this.options.name;
  }

  start(): void {
    this.#loop ??= this.#live();
  }

  /** Resolves at the first good answer. */
  ready(): Promise<void> {
    return this.healthyAt > 0 ? Promise.resolve() : new Promise((done) => this.#waiters.push(done));
  }

  /** Ends the process for good. `now` does not ask first. */
  async stop(now = false): Promise<void> {
    this.#stopping = true;
    this.#abort.abort();
    await this.#end(now ? 'SIGKILL' : this.options.endSignal);
    await this.#loop;
  }

  /** Ends the process; a new one is started at once. */
  async restart(): Promise<void> {
    this.#restarts = 0;
    await this.#end(this.options.endSignal);
  }

  async #live(): Promise<void> {
    const { tell, name } = this.options;
    while (!this.#stopping) {
      try {
        await this.#spawn();
        await this.#watch();
      } catch (error) {
        tell(`${name}：${error instanceof Error ? error.message : error}`);
      }
      await this.#ended;
      this.healthy = false;
      if (this.#stopping) return;
      const pause = Math.min(10_000, 100 * 2 ** Math.min(this.#restarts++, 10));
      tell(`${name} 已结束，${pause / 1000} 秒后重启 / ${name} has ended, starting again in ${pause / 1000} s`);
      await delay(pause, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  async #spawn(): Promise<void> {
    const { options } = this;
    const { as, ...command } = await options.command();
    const { file, args, env } = guarded(command, options.endSignal === 'SIGINT' ? 'INT' : 'TERM');
    if (this.#stopping) return;
    const child = spawn(file, args, {
      ...as,
      env: { ...options.env, ...env },
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => options.log.write(chunk));
    this.#child = child;
    this.#ended = new Promise((done) => {
      child.once('error', () => done());
      child.once('exit', () => {
        this.process = null;
        // Whatever it started itself goes with it.
        if (child.pid) killGroup(child.pid, 'SIGKILL');
        options.onChange();
        done();
      });
    });
    this.process = child.pid ? { pid: child.pid, start: (await startTime(child.pid)) ?? '' } : null;
    options.onChange();
  }

  /** Returns when the process has ended, by itself or because it did not answer. */
  async #watch(): Promise<void> {
    const { options } = this;
    const child = this.#child;
    const startedAt = Date.now();
    let gone = false;
    void this.#ended.then(() => {
      gone = true;
    });
    let refusals = 0;
    let worked = false;
    while (!gone && child === this.#child) {
      const good = await options.probe().catch(() => false);
      if (gone) return;
      this.healthy = good;
      if (good) {
        if (!worked && this.healthyAt > 0) options.tell(`${options.name} 已恢复 / ${options.name} works again`);
        worked = true;
        refusals = 0;
        this.healthyAt = Date.now();
        if (this.healthyAt - startedAt > 30_000) this.#restarts = 0;
        for (const waiter of this.#waiters.splice(0)) waiter();
      } else if (worked ? ++refusals >= options.failures : Date.now() - startedAt > options.startMs) {
        options.tell(`${options.name} 没有响应，强制重启 / ${options.name} does not answer: killing it`);
        await this.#end('SIGKILL');
        return;
      }
      const pause = worked ? options.everyMs : 100;
      await Promise.race([this.#ended, delay(pause, undefined, { ref: false })]);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const pid = this.process?.pid;
    if (!pid) return;
    if (signal === 'SIGKILL') killGroup(pid, signal);
    else {
      this.#child?.kill(signal);
      const late = setTimeout(() => killGroup(pid, 'SIGKILL'), this.options.patienceMs);
      await this.#ended;
      clearTimeout(late);
    }
    await this.#ended;
  }
}

/** Signals all processes of a group; nothing happens when it is gone. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
