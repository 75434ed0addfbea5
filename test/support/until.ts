import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something that happens in another process and cannot be awaited; fails with what was waited for. */
export async function until<T>(look: () => T | Promise<T>, what: string, withinMs = 5000): Promise<NonNullable<T>> {
  for (const end = Date.now() + withinMs; ; ) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await sleep(20);
  }
}
