import { existsSync } from 'node:fs';
import type { Command } from './programs.js';

/**
 * Makes the kernel send `signal` to the program when the process that started it dies, however it dies (kill -9 too):
 * nothing is left running for ever. setpriv is part of util-linux, which every Debian has; it replaces itself by the
 * program, so the process id stays. Without setpriv the program runs unguarded and the next `up` ends it by its pid file.
 */
export function guarded(command: Command, signal: 'TERM' | 'INT' | 'KILL'): Command {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
  if (!setpriv) return command;
  return { ...command, file: setpriv, args: ['--pdeathsig', signal, '--', command.file, ...command.args] };
}
