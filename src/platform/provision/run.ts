import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A program that ended with another exit code than 0. */
export class UnsuccessfulRun extends Error {
  override readonly name = 'UnsuccessfulRun';
  constructor(
    program: string,
    status: string,
    readonly output: string,
  ) {
    super(`${program} ended with ${status}: ${output.slice(-2000)}`);
  }

  /** The last line that the program said, mostly the cause. */
  get lastLine(): string {
    return this.output.trim().split('\n').at(-1) ?? '';
  }
}

/**
 * Runs a program to its end and returns what it wrote to standard output.
 * @throws UnsuccessfulRun for an exit code other than 0 or a signal
 */
export async function run(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; everySecond?: () => void },
): Promise<string> {
  const timer = options.everySecond && setInterval(options.everySecond, 1000);
  try {
    return await new Promise<string>((resolve, reject) => {
      const child = spawn(file, args, { env: options.env, cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const output = Buffer.concat(out).toString();
        if (code === 0) resolve(output);
        else reject(new UnsuccessfulRun(file, signal ?? `code ${code}`, Buffer.concat([...err, ...out]).toString()));
      });
    });
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of all files below a folder; files that vanish meanwhile count nothing. */
export function folderSize(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
