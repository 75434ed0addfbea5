import { fdatasync, fdatasyncSync, writeSync } from 'node:fs';

/** The three calls through which the journal's bytes reach the disk; a test puts a failing disk in their place. */
export interface Disk {
  /** Writes as many bytes as the disk takes and returns their number. */
  write(fd: number, bytes: Buffer, offset: number, position: number): number;
  sync(fd: number): Promise<void>;
  syncNow(fd: number): void;
}

export const realDisk: Disk = {
  write: (fd, bytes, offset, position) => writeSync(fd, bytes, offset, bytes.length - offset, position),
  sync: (fd) => new Promise((done, failed) => fdatasync(fd, (error) => (error ? failed(error) : done()))),
  syncNow: fdatasyncSync,
};

/** Writes all bytes or throws; what was written of them is then overwritten by the next try at the same position. */
export function writeAll(disk: Disk, fd: number, bytes: Buffer, position: number): void {
  for (let offset = 0; offset < bytes.length; ) {
    const written = disk.write(fd, bytes, offset, position + offset);
    if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
    offset += written;
  }
}

export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
