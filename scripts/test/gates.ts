import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A check of the whole source besides the tests. */
export interface Gate {
  name: string;
  args: string[];
}

/** Programs of npm packages, run without npx: nothing is asked from a registry. */
export function gates(root: string): Gate[] {
  const bin = (name: string, ...args: string[]) => [join(root, 'node_modules/.bin', name), ...args];
  const pages = 'src/console/tsconfig.json';
  return [
    { name: 'types (tsc)', args: bin('tsc', '--noEmit') },
    ...(existsSync(join(root, pages))
      ? [{ name: 'types of the pages (tsc)', args: bin('tsc', '--noEmit', '-p', pages) }]
      : []),
    { name: 'style (biome)', args: bin('biome', 'check', '--error-on-warnings', '.') },
    {
      name: 'imports (dependency-cruiser)',
      args: bin('depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'scripts', 'test'),
    },
    { name: 'dead code (knip)', args: bin('knip', '--no-progress') },
  ];
}

/** Runs a gate to its end; `output` is everything that it said. */
export function runGate(gate: Gate, cwd: string): Promise<{ good: boolean; output: string }> {
  const [file = '', ...args] = gate.args;
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ good: code === 0, output }));
  });
}
