import { type Ari, strandedCallers } from './ari.js';

export interface WatchdogOptions {
  ari: Ari;
  /** Whether the server holds its calls, to the best of our knowledge now. */
  serverPresent(): boolean;
  awaySeconds: number;
  tell(line: string): void;
  now?: () => number;
}

/**
 * Moves callers whom an absent server holds to the dialplan's emergency queue (V21). New callers get there by
 * themselves; who talks goes on talking. Nothing is done twice: a moved channel has left the application, and the
 * returning server is told so by Asterisk.
 */
export class Watchdog {
  #awaySince: number | null = null;
  #said = false;

  constructor(private readonly options: WatchdogOptions) {}

  /** To be called about once a second. Returns how many callers were moved. */
  async look(): Promise<number> {
    const { ari, serverPresent, awaySeconds, tell, now = Date.now } = this.options;
    if (serverPresent()) {
      if (this.#said) tell('服务器已恢复 / the server is back');
      this.#awaySince = null;
      this.#said = false;
      return 0;
    }
    this.#awaySince ??= now();
    if (now() - this.#awaySince < awaySeconds * 1000) return 0;
    if (!this.#said)
      tell(
        `服务器离线超过 ${awaySeconds} 秒，等待中的来电转入应急队列 / the server has been away for ${awaySeconds} s: waiting callers go to the emergency queue`,
      );
    this.#said = true;
    const [channels, bridges] = await Promise.all([ari.channels(), ari.bridges()]);
    let moved = 0;
    for (const { id } of strandedCallers(channels ?? [], bridges ?? [])) {
      if (serverPresent()) break;
      await ari.toDialplan(id, 'emergency', 's');
      moved++;
    }
    return moved;
  }
}
