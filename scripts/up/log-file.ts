import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** A log file that never grows beyond twice `cap` bytes: when full it becomes `<file>.1`, the older one goes. */
export class LogFile {
  #fd: number;
  #size: number;

  constructor(
    private readonly file: string,
    private readonly cap = 10_000_000,
  ) {
    this.#fd = openSync(file, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  write(chunk: Buffer | string): void {
    if (this.#size > this.cap) {
      closeSync(this.#fd);
      renameSync(this.file, `${this.file}.1`);
      this.#fd = openSync(this.file, 'a', 0o600);
      this.#size = 0;
    }
    try {
      this.#size += typeof chunk === 'string' ? writeSync(this.#fd, chunk) : writeSync(this.#fd, chunk);
    } catch (error) {
      // A full disk must not stop the supervision; what is lost is said as soon as there is room.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      this.#size = this.cap + 1;
    }
  }
}
