import { createReadStream, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from './journal-entry.js';

/**
 * A journal segment is a file of JSON lines, named after the id of its first entry. Its first line is a checkpoint; every
 * further line is the array of entries of one append, so that a line that a crash tore takes its whole append with it.
 */
export interface Segment {
  readonly file: string;
  /** Id of the first entry, written or to come. */
  readonly firstId: number;
}

export interface SegmentContent {
  checkpoint: unknown;
  entries: JournalEntry[];
  /** Bytes up to the end of the last whole line. */
  size: number;
  checkpointSize: number;
  /** Bytes behind `size`: the beginning of a line that was never finished. */
  tornBytes: number;
}

/** The journal's files are not what this program wrote; it does not go on, so that nothing more is lost. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

const namePattern = /^(\d{15})\.jsonl$/;

export function segmentFile(dir: string, firstId: number): string {
  return join(dir, `${String(firstId).padStart(15, '0')}.jsonl`);
}

/** All segments of a folder, oldest first. */
export function listSegments(dir: string): Segment[] {
  return readdirSync(dir)
    .flatMap((name) => {
      const digits = namePattern.exec(name)?.[1];
      return digits === undefined ? [] : [{ file: join(dir, name), firstId: Number(digits) }];
    })
    .sort((a, b) => a.firstId - b.firstId);
}

/** Segments that a crash kept from getting their name. */
export function removeDrafts(dir: string): void {
  for (const name of readdirSync(dir)) if (name.endsWith('.jsonl.new')) rmSync(join(dir, name), { force: true });
}

export function checkpointLine(checkpoint: unknown, nextId: number): Buffer {
  return Buffer.from(`${JSON.stringify({ v: 1, nextId, checkpoint: checkpoint ?? null })}\n`);
}

export function appendLine(entries: readonly JournalEntry[]): Buffer {
  return Buffer.from(`${JSON.stringify(entries)}\n`);
}

export function parseAppend(line: string): JournalEntry[] {
  return JSON.parse(line) as JournalEntry[];
}

/**
 * Reads a whole segment. Only an unfinished last line is forgiven.
 * @throws JournalError naming file and line for a line in the middle that is not as it was written
 */
export function readSegment({ file, firstId }: Segment): SegmentContent {
  const bytes = readFileSync(file);
  const size = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, size).split('\n');
  lines.pop();
  const [first = '', ...appends] = lines;
  const checkpoint = parseCheckpoint(first, firstId, file);
  const entries: JournalEntry[] = [];
  for (const [index, line] of appends.entries()) {
    entries.push(...checkedAppend(line, firstId + entries.length, file, index + 2));
  }
  const checkpointSize = Buffer.byteLength(first) + 1;
  return { checkpoint, entries, size, checkpointSize, tornBytes: bytes.length - size };
}

/**
 * The entries after `after` up to and with `upTo`, read piece by piece.
 * @throws JournalError as `readSegment`
 */
export async function* streamSegment(segment: Segment, after: number, upTo: number): AsyncGenerator<JournalEntry> {
  let number = 0;
  let nextId = segment.firstId;
  for await (const line of linesOf(segment.file)) {
    number += 1;
    if (number === 1) continue;
    if (nextId > upTo) return;
    const entries = checkedAppend(line, nextId, segment.file, number);
    nextId += entries.length;
    for (const entry of entries) if (entry.id > after && entry.id <= upTo) yield entry;
  }
}

/** Finished lines only. Not `readline`: it does not hand on the stream's errors. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function parseCheckpoint(line: string, firstId: number, file: string): unknown {
  const value = parse(line, file, 1);
  if (typeof value !== 'object' || value === null || !('checkpoint' in value) || !('nextId' in value))
    throw corrupt(file, 1);
  if (value.nextId !== firstId) throw corrupt(file, 1);
  return value.checkpoint;
}

function checkedAppend(line: string, nextId: number, file: string, lineNumber: number): JournalEntry[] {
  const value = parse(line, file, lineNumber);
  if (!Array.isArray(value) || value.length === 0) throw corrupt(file, lineNumber);
  for (const [index, entry] of value.entries()) {
    if (typeof entry !== 'object' || entry === null) throw corrupt(file, lineNumber);
    const { id, at, type } = entry as Partial<JournalEntry>;
    if (id !== nextId + index || typeof at !== 'number' || typeof type !== 'string') throw corrupt(file, lineNumber);
  }
  return value as JournalEntry[];
}

function parse(line: string, file: string, lineNumber: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's message would repeat a part of the line.
    throw corrupt(file, lineNumber);
  }
}

function corrupt(file: string, line: number): JournalError {
  return new JournalError(
    `${file} line ${line} is damaged. Restore the file from a copy; or, losing that line and all after it, cut the file before line ${line} and delete later segments.`,
  );
}
