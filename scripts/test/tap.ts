import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface TapResult {
  passed: number;
  failed: number;
}

/** Runs test files with tap; tells one line per file as it ends, and everything about what failed in it. */
export async function runTap(
  root: string,
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<TapResult> {
  const child = spawn(join(root, 'node_modules/.bin/tap'), ['run', '--reporter=tap', ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  const result = { passed: 0, failed: 0 };
  let story: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const file = /^(not )?ok \d+ - (\S+)(?: # time=([\d.]+)ms| # (SKIP|TODO).*)?/.exec(line);
    if (!file) {
      story.push(line);
      continue;
    }
    const [, not, name, ms] = file;
    say(`${not ? '✗' : '✓'} ${name} (${(Number(ms ?? 0) / 1000).toFixed(1)} s)`);
    if (not) say(whatFailed(story).join('\n'));
    const counted = countAssertions(story);
    result.passed += counted.passed;
    // A file that failed without a failed assertion (it crashed, ran out of time or had none) counts as one.
    result.failed += not ? Math.max(1, counted.failed) : counted.failed;
    story = [];
  }
  const code = await ended;
  if (code !== 0 && result.failed === 0) {
    say(story.join('\n'));
    result.failed++;
  }
  return result;
}

/** Assertions only: a line that closes a subtest has its own lines before it, indented deeper. */
export function countAssertions(story: readonly string[]): TapResult {
  const result = { passed: 0, failed: 0 };
  let deeper = 0;
  for (const line of story) {
    const point = /^( *)(not )?ok \d+/.exec(line);
    if (!point) continue;
    const depth = point[1]?.length ?? 0;
    const closesSubtest = deeper > depth;
    deeper = depth;
    if (closesSubtest || / # (SKIP|TODO)/i.test(line)) continue;
    if (point[2]) result.failed++;
    else result.passed++;
  }
  return result;
}

function whatFailed(story: readonly string[]): string[] {
  return story.filter((line) => !/^ *(ok \d+|\d+\.\.\d+|# time=)/.test(line) && line.trim() !== '');
}
