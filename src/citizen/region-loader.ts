import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { parseRegions, type Region, type RegionFileError, regionOf } from './region.js';

const areaCodesFile = fileURLToPath(new URL('./area-codes.csv', import.meta.url));
/** A few made-up lines that show the form. */
export const sampleMobilePrefixesFile = fileURLToPath(new URL('./mobile-prefixes.sample.csv', import.meta.url));

/** Lines parsed before other work gets its turn: some milliseconds' worth. */
const linesAtOnce = 2_000;

export interface Regions {
  /** Looks a stored number up without I/O. */
  regionOf(e164: string): Region | null;
  /** Resolves when the mobile prefixes are in; mobiles have no region before. Never rejects. */
  readonly ready: Promise<void>;
}

/**
 * Reads the area codes that are shipped at once, and the administrator's mobile prefixes, when there are any, in the background:
 * the carriers' full list has half a million lines (about 2 s of CPU and 75 MB), and calls must not wait for it at a start.
 * @param mobilePrefixesFile missing is no error: mobiles then have no region
 */
export function loadRegions(mobilePrefixesFile: string, log: Logger): Regions {
  const areaCodes = parseRegions(readFileSync(areaCodesFile, 'utf8')).table;
  const mobilePrefixes = new Map<string, Region>();
  return {
    regionOf: (e164) => regionOf(e164, areaCodes, mobilePrefixes),
    ready: readMobilePrefixes(mobilePrefixesFile, mobilePrefixes, log),
  };
}

async function readMobilePrefixes(file: string, into: Map<string, Region>, log: Logger): Promise<void> {
  let lines: string[];
  try {
    lines = (await readFile(file, 'utf8')).split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn({ err: error, file }, 'mobile prefixes unreadable');
    return;
  }
  let first: RegionFileError | undefined;
  let count = 0;
  for (let from = 0; from < lines.length; from += linesAtOnce) {
    const { table, errors } = parseRegions(lines.slice(from, from + linesAtOnce).join('\n'));
    for (const [prefix, region] of table) into.set(prefix, region);
    if (errors[0]) first ??= { ...errors[0], line: from + errors[0].line };
    count += errors.length;
    await setImmediate();
  }
  if (count) log.warn({ file, lines: count, first }, 'lines of the mobile prefixes do not fit and are left out');
}
