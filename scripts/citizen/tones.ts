import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AriSocket } from './ari-socket.js';
import { encodeAlaw, sine } from './sound.js';

/** Makes sines that the exchange plays in a loop without any work of ours: one class of its music on hold each. */
export class Tones {
  readonly #ready = new Map<number, Promise<string>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly ari: AriSocket,
  ) {}

  /**
   * @param hz whole, 50 to 3,800
   * @returns the class's name
   */
  class(hz: number): Promise<string> {
    if (!Number.isInteger(hz) || hz < 50 || hz > 3800)
      return Promise.reject(new RangeError('a tone has 50 to 3800 Hz'));
    const known = this.#ready.get(hz);
    if (known) return known;
    const made = this.#last.then(() => this.#make(hz));
    this.#last = made.catch(() => undefined);
    this.#ready.set(hz, made);
    return made;
  }

  async #make(hz: number): Promise<string> {
    const name = `tone-${hz}`;
    const folder = join(this.folder, 'music', name);
    await mkdir(folder, { recursive: true });
    const second = Uint8Array.from(sine(hz), encodeAlaw);
    // Ten seconds, so that the file is seldom opened again.
    await writeFile(join(folder, 'tone.alaw'), Buffer.concat(Array<Uint8Array>(10).fill(second)));
    await appendFile(join(this.folder, 'etc/musiconhold.conf'), `[${name}]\nmode = files\ndirectory = ${folder}\n`);
    await this.ari.request('PUT', 'asterisk/modules/res_musiconhold.so');
    return name;
  }
}
