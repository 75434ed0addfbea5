/**
 * `npm test`: sets up what tests need, checks types, style, imports and dead code, and runs all tests. With file names
 * (`npm test -- test/queue/matcher.test.ts`) only those run. The last line is `N passed, N failed`: tests' assertions,
 * each gate counted as one, and one for processes left behind. Exit code 1 when anything failed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigSchema } from '../src/config.js';
import { cacheFolder } from '../src/platform/provision/cache-folder.js';
import { provideAsterisk, provideChromium } from '../src/platform/provision/programs.js';
import { SetupError } from '../src/platform/provision/setup-error.js';
import { startTestServer } from '../test/support/postgres.js';
import { type Gate, gates, runGate } from './test/gates.js';
import { endLeaks, markRun } from './test/leaks.js';
import { runTap } from './test/tap.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);

// A developer's own settings must not decide over tests.
for (const name of Object.keys(ConfigSchema.properties)) delete process.env[name];
process.chdir(root);
markRun();

const asked = process.argv.slice(2);
const files = asked.length > 0 ? asked : testFiles();
let passed = 0;
let failed = 0;
try {
  const environment = await setUp(files);
  if (asked.length === 0) for (const gate of gates(root)) count(await timed(gate));
  const result = await runTap(root, files, { ...process.env, ...environment.env }, say);
  passed += result.passed;
  failed += result.failed;
  await environment.stop();
  const left = await endLeaks();
  if (left.length > 0) say(`✗ 测试遗留了进程 / tests left processes behind:\n  ${left.join('\n  ')}`);
  count(left.length === 0);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  failed++;
}
say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function count(good: boolean): void {
  if (good) passed++;
  else failed++;
}

async function timed(gate: Gate): Promise<boolean> {
  const since = Date.now();
  const { good, output } = await runGate(gate, root);
  say(`${good ? '✓' : '✗'} ${gate.name} (${seconds(since)} s)`);
  if (!good) say(output);
  return good;
}

/** Asterisk, Chromium when a test needs it, one PostgreSQL for all test files. */
async function setUp(wanted: readonly string[]): Promise<{ env: NodeJS.ProcessEnv; stop(): Promise<void> }> {
  const since = Date.now();
  const options = { cacheDir: cacheFolder(resolve('var')), report: say };
  const asterisk = await provideAsterisk(options);
  if (wanted.some((file) => readFileSync(file, 'utf8').includes('support/chromium'))) await provideChromium(options);
  const database = await startTestServer();
  say(`✓ 准备就绪 / set up: Asterisk ${asterisk.version}, PostgreSQL (${seconds(since)} s)`);
  return { env: { TEST_DATABASE_URL: database.url }, stop: database.stop };
}

/** The quick ones first, whole calls last. */
function testFiles(): string[] {
  const all = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .sort();
  const isSlow = (file: string) => file.startsWith('test/e2e/');
  return [...all.filter((file) => !isSlow(file)), ...all.filter(isSlow)];
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}
