/** A soft two-tone ring, made here: no sound file. Silent while the browser forbids sound before the first click. */
export class Ring {
  #context: AudioContext | null = null;
  #timer: number | undefined;

  start(): void {
    if (this.#timer !== undefined) return;
    this.#context ??= new AudioContext();
    this.#play();
    this.#timer = window.setInterval(() => this.#play(), 3000);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#context?.suspend();
  }

  #play(): void {
    const context = this.#context;
    if (!context) return;
    void context.resume();
    for (const [index, frequency] of [660, 880].entries()) {
      const start = context.currentTime + 0.05 + index * 0.22;
      const tone = new OscillatorNode(context, { frequency });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setTargetAtTime(0.12, start, 0.02);
      volume.gain.setTargetAtTime(0, start + 0.18, 0.05);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.6);
    }
  }
}
