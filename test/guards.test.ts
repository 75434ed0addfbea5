/** The guards of `npm test` are tried here: each rule is broken once, in a small copy, and must be seen to fail. */

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';
import { gates, runGate } from '../scripts/test/gates.js';
import { endLeaks, markRun } from '../scripts/test/leaks.js';
import { countAssertions } from '../scripts/test/tap.js';

const root = resolve(import.meta.dirname, '..');

/** A folder with this project's settings and only the given files. */
function copy(test: Pick<typeof t, 'teardown'>, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-guards-'));
  test.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['package.json', 'tsconfig.json', 'biome.json', '.dependency-cruiser.cjs', '.gitignore'])
    cpSync(join(root, name), join(folder, name));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, '.git'));
  for (const [name, text] of Object.entries({ 'scripts/nothing.ts': '', 'test/nothing.ts': '', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function runOn(folder: string, name: string) {
  const gate = gates(folder).find((one) => one.name.startsWith(name));
  if (!gate) throw new Error(`no gate ${name}`);
  return runGate(gate, folder);
}

const uses = (file: string) => `import { value } from '${file}';\nexport const used = value;\n`;
const value = 'export const value = 1;\n';

t.test('import rules', async (t) => {
  const broken = copy(t, {
    'src/seat/seat.ts': uses('../call/call.js'),
    'src/call/call.ts': value,
    'src/unit/unit.ts': uses('../deadline/deadline.js'),
    'src/deadline/deadline.ts': value,
    'src/queue/queue.ts': uses('./queue-store.js'),
    'src/queue/queue-store.ts': `${value}import './queue-service.js';\n`,
    'src/queue/queue-service.ts': '',
    'src/ivr/menu.ts': "import { readFileSync } from 'node:fs';\nexport const text = readFileSync;\n",
    'src/ivr/sql.ts': "import postgres from 'postgres';\nexport const sql = postgres;\n",
    'src/policy/policy-table.ts': "import './policy-service.js';\n",
    'src/policy/policy-service.ts': '',
    'src/policy/policy-routes.ts': `import './policy-table.js';\n${value}`,
    'src/account/account-service.ts': uses('../app.js'),
    'src/account/one-service.ts': "import { two } from './two-service.js';\nexport const one = () => two;\n",
    'src/account/two-service.ts': "import { one } from './one-service.js';\nexport const two = () => one;\n",
    'src/account/peeks-service.ts': "import '../policy/policy-routes.js';\nimport './nowhere.js';\n",
    'src/platform/deep.ts': "import '../../scripts/nothing.js';\nimport '../seat/seat.js';\n",
    'src/console/main.ts': uses('../call/call.js'),
    'src/app.ts': value,
  });
  const { good, output } = await runOn(broken, 'imports');
  t.notOk(good);
  for (const rule of [
    'rooms-one-way-unit: src/seat/seat.ts → src/call/call.ts',
    'rooms-one-way-platform: src/platform/deep.ts → src/seat/seat.ts',
    'rooms-no-neighbours-unit: src/unit/unit.ts → src/deadline/deadline.ts',
    'rooms-no-neighbours-account: src/account/peeks-service.ts → src/policy/policy-routes.ts',
    'no-cycles: src/account/one-service.ts',
    'pure-files-stay-pure: src/queue/queue.ts → src/queue/queue-store.ts',
    'pure-files-do-no-io: src/ivr/menu.ts → fs',
    'pure-files-know-no-database: src/ivr/sql.ts',
    'tables-know-only-drizzle: src/policy/policy-table.ts → src/policy/policy-service.ts',
    'stores-act-on-nothing-else: src/queue/queue-store.ts → src/queue/queue-service.ts',
    'routes-call-services: src/policy/policy-routes.ts → src/policy/policy-table.ts',
    'nobody-imports-routes: src/account/peeks-service.ts → src/policy/policy-routes.ts',
    'only-main-knows-the-app: src/account/account-service.ts → src/app.ts',
    'src-is-whole: src/platform/deep.ts → scripts/nothing.ts',
    'pages-know-no-server: src/console/main.ts → src/call/call.ts',
    'everything-resolves: src/account/peeks-service.ts → ./nowhere.js',
  ])
    t.ok(output.includes(`error ${rule}`), rule);
  const whole = copy(t, {
    'src/call/call.ts': uses('../seat/seat.js'),
    'src/seat/seat.ts': value,
    'src/seat/seat-store.ts': uses('./seat.js'),
  });
  t.match(await runOn(whole, 'imports'), { good: true });
});

t.test('types', async (t) => {
  const folder = copy(t, { 'src/wrong.ts': 'export const list: string[] = [1];\n' });
  t.match(await runOn(folder, 'types'), { good: false, output: /src\/wrong.ts\(1,/ });
});

t.test('style', async (t) => {
  const breaches = {
    noConsole: "console.log('here');\n",
    noExplicitAny: 'export const thing: any = 1;\n',
    noNonNullAssertion: 'export const first = [1][0]!;\n',
    noEmptyBlockStatements: 'try {\n  await import("./nothing.js");\n} catch {}\n',
    noDefaultExport: 'export default 1;\n',
  };
  const folder = copy(t, Object.fromEntries(Object.entries(breaches).map(([rule, text]) => [`src/${rule}.ts`, text])));
  const { good, output } = await runOn(folder, 'style');
  t.notOk(good);
  for (const rule of Object.keys(breaches)) t.match(output, new RegExp(`src/${rule}\\.ts[^\\n]*${rule}`), rule);
});

t.test('dead code', async (t) => {
  const folder = copy(t, { 'src/main.ts': uses('./used.js'), 'src/used.ts': value, 'src/unused.ts': value });
  cpSync(join(root, 'knip.json'), join(folder, 'knip.json'));
  t.match(await runOn(folder, 'dead code'), { good: false, output: /Unused files[\s\S]*src\/unused\.ts/ });
});

t.test('processes left behind', async (t) => {
  const before = process.env.HOTLINE_TEST_RUN;
  t.teardown(() => {
    if (before === undefined) delete process.env.HOTLINE_TEST_RUN;
    else process.env.HOTLINE_TEST_RUN = before;
  });
  markRun();
  const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  const ended = new Promise((done) => child.once('exit', (_, signal) => done(signal)));
  t.match(await endLeaks(0), [`${child.pid} sleep 60`]);
  t.equal(await ended, 'SIGKILL', 'it is ended as well');
  t.same(await endLeaks(0), []);
});

t.test('counting of assertions', async (t) => {
  const story = [
    '    # Subtest: a',
    '        ok 1 - x',
    '        not ok 2 - y',
    '        ok 3 - z # SKIP why',
    '    not ok 1 - a',
    '    ok 2 - b',
  ];
  t.same(countAssertions(story), { passed: 2, failed: 1 });
});

t.test('the list of requirements names only files that exist', async (t) => {
  const page = readFileSync(join(root, 'docs/requirements.md'), 'utf8');
  const named = [...page.matchAll(/`((?:test|docs|scripts)\/[^`]+)`/g)].map(([, file]) => file ?? '');
  t.ok(named.length > 20, `${named.length} files are named`);
  for (const file of new Set(named)) t.ok(existsSync(join(root, file)), file);
});
