/** Sounds and music that an instance reads: links into the tree and the prompts' folders, music ready in alaw. */
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
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

/** A piece of the hold music as Asterisk plays a file: its path without ending. */
export function holdMusicFile(dir: string): string {
  const folder = join(dir, 'data', 'moh');
  const pieces = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.wav')) : [];
  return join(folder, basename(pieces.sort()[0] ?? 'none', '.wav'));
}
