import { HotlineError } from '../errors.js';

/** A place in a list that is ordered by time and id, as the opaque text that clients hand back. */
export interface Cursor {
  readonly at: Date;
  readonly id: string;
}

export function writeCursor({ at, id }: Cursor): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString('base64url');
}

/** @throws HotlineError `request.invalid` for a text that no list gave */
export function readCursor(text: string): Cursor {
  const [, time, id] = /^(\d{1,15}) (\S{1,100})$/.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (time === undefined || id === undefined) {
    throw new HotlineError('request.invalid', { field: 'cursor', allowed: 'the "next" of an earlier answer' });
  }
  return { at: new Date(Number(time)), id };
}
