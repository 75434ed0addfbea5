/** Sounds and music that an instance reads: links into the tree and the prompts' folders, music ready in alaw. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';

/**
 * Makes `<target>` look like Asterisk's data folder: everything of the tree, and below `sounds/` also our prompts'
 * folders under their own names, so that media may be named `sound:<folder>/<name>` besides by absolute path.
 */
export function linkData(treeDataDir: string, target: string, soundsDirs: readonly string[]): void {
  for (const name of readdirSync(treeDataDir)) {
    if (name !== 'sounds') link(join(treeDataDir, name), join(target, name));
  }
  const sounds = join(target, 'sounds');
  mkdirSync(sounds, { recursive: true, mode: 0o700 });
  const treeSounds = join(treeDataDir, 'sounds');
  if (existsSync(treeSounds))
    for (const name of readdirSync(treeSounds)) link(join(treeSounds, name), join(sounds, name));
  if (existsSync(join(treeSounds, 'en_US_f_Allison'))) link(join(treeSounds, 'en_US_f_Allison'), join(sounds, 'en'));
  for (const folder of soundsDirs) link(resolve(folder), join(sounds, basename(folder)));
}

/** Replaces what is there: the tree may have moved since the last start. */
function link(from: string, to: string): void {
  if (lstatSync(to, { throwIfNoEntry: false })) rmSync(to, { recursive: true });
  symlinkSync(from, to);
}

/**
 * Encodes the hold music (8 kHz, 16 bit, mono WAV) once: a trunk in alaw then hears it without any transcoding,
 * 0.2 % of a core per waiting caller.
 */
export function prepareMusic(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from).filter((file) => file.endsWith('.wav'))) {
    const target = join(to, `${basename(name, '.wav')}.alaw`);
    if (existsSync(target)) continue;
    const samples = wavSamples(readFileSync(join(from, name)));
    if (!samples) continue;
    writeFileSync(`${target}.new`, encodeAlaw(samples), { mode: 0o600 });
    renameSync(`${target}.new`, target);
  }
}

/** A piece of the hold music as Asterisk plays a file: its path without ending. */
export function holdMusicFile(dir: string): string {
  const folder = join(dir, 'music');
  const pieces = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.alaw')) : [];
  return join(folder, basename(pieces.sort()[0] ?? 'none', '.alaw'));
}

/** Samples of a plain 8 kHz mono PCM16 WAV file; null for any other kind. */
export function wavSamples(file: Buffer): Int16Array | null {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return null;
  let fits = false;
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    const chunk = file.toString('latin1', at, at + 4);
    if (chunk === 'fmt ')
      fits =
        file.readUInt16LE(at + 8) === 1 &&
        file.readUInt16LE(at + 10) === 1 &&
        file.readUInt32LE(at + 12) === 8000 &&
        file.readUInt16LE(at + 22) === 16;
    if (chunk === 'data') {
      if (!fits) return null;
      const data = file.subarray(at + 8, Math.min(file.length, at + 8 + size));
      return Int16Array.from({ length: data.length >> 1 }, (_, i) => data.readInt16LE(i * 2));
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

/** ITU-T G.711 A-law, even bits inverted. */
export function encodeAlaw(samples: Int16Array): Buffer {
  const out = Buffer.alloc(samples.length);
  for (const [index, sample] of samples.entries()) out[index] = alaw(sample);
  return out;
}

function alaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  // 13 bits of size; a negative sample counts from -1 so that both halves have as many steps.
  const size = (sample >= 0 ? sample : -sample - 1) >> 3;
  const exponent = size < 32 ? 0 : 31 - Math.clz32(size) - 4;
  const mantissa = (exponent === 0 ? size >> 1 : size >> exponent) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}
