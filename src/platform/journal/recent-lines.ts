/**
 * The journal's newest lines as they were written, so that the applier need not read them back from the disk. Bytes, not
 * objects: what is applied is what was written, whoever changes the object afterwards.
 */
export class RecentLines {
  #lines: { firstId: number; line: Buffer }[] = [];
  #bytes = 0;

  constructor(readonly maxBytes = 8 * 1024 * 1024) {}

  add(firstId: number, count: number, line: Buffer): void {
    if (count === 0) return;
    this.#lines.push({ firstId, line });
    this.#bytes += line.length;
    if (this.#bytes > this.maxBytes * 2) this.#trim();
  }

  /** Whether every line from the one with `id` on is here. */
  covers(id: number): boolean {
    const first = this.#lines[0];
    return first !== undefined && first.firstId <= id;
  }

  /** Lines from the one that holds `id` on. */
  from(id: number): Buffer[] {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle]?.firstId ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    return this.#lines.slice(Math.max(0, low - 1)).map(({ line }) => line);
  }

  #trim(): void {
    let drop = 0;
    while (this.#bytes > this.maxBytes && drop < this.#lines.length - 1) {
      this.#bytes -= this.#lines[drop]?.line.length ?? 0;
      drop += 1;
    }
    this.#lines = this.#lines.slice(drop);
  }
}
