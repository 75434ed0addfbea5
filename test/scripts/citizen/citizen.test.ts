import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseOptions, UsageError } from '../../../scripts/citizen/options.js';
import { countedUp } from '../../../scripts/citizen/run.js';
import { type CallReport, masked, quantiles, type Summary } from '../../../scripts/citizen/story.js';
import { cuttingOff, openHotlineStandIn, refusing } from '../../support/exchange-stand-in.js';

const program = fileURLToPath(new URL('../../../scripts/citizen.ts', import.meta.url));

const temporary = mkdtempSync(join(tmpdir(), 'citizen-tmp-'));
t.teardown(() => rmSync(temporary, { recursive: true }));

/** Runs the tool as `npm run citizen` does. */
function citizen(dataDir: string, ...args: string[]) {
  // Its exchanges' folders are then ours alone to look for.
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { ...process.env, DATA_DIR: dataDir, TMPDIR: temporary, NODE_OPTIONS: '' };
    execFile(process.execPath, ['--import', 'tsx', program, ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

t.test('options that do not fit are refused in one line', (t) => {
  for (const [args, expected] of [
    [['--count', '0'], /^--count：.*1–100000/],
    [['--count', '1.5'], /^--count：/],
    [['--rate', 'fast'], /^--rate：.*0.01–200/],
    [['--talk', '-1'], /^--talk/],
    [['--press', '1x'], /^--press：.*0-9/],
    [['--agents', '201'], /^--agents：/],
    [['--from', 'me'], /^--from：/],
    [['--hangup-in', 'bed'], /^--hangup-in：.*menu \| queue/],
    [['--hurry'], /^--hurry：.*--press/],
    [['now'], /只接受选项/],
    [['--count'], /--count.*值缺失/],
  ] as const)
    t.throws(() => parseOptions(args), { name: 'UsageError', message: expected }, args.join(' '));
  try {
    parseOptions(['--from', '138-0000-0001']);
    t.fail('taken');
  } catch (error) {
    t.ok(error instanceof UsageError);
    t.notMatch(String(error), /0000/, 'the value is not repeated');
  }
  t.match(parseOptions([]), { press: '1', count: 1, rate: 1, agents: 0, talkSeconds: 10, hangUpIn: null });
  t.end();
});

t.test('numbers', (t) => {
  t.equal(countedUp('13800000001', 9), '13800000010');
  t.equal(countedUp('+8613800000099', 1), '+8613800000100');
  t.equal(countedUp('0019', 1), '0020');
  t.equal(masked('13800000001'), '138******01');
  t.equal(masked('12345'), '*****');
  t.same(quantiles([3, 1, 2, 100]), { p50: 2, p99: 100, max: 100 });
  t.equal(quantiles([]), null);
  t.end();
});

t.test('what is missing is said', async (t) => {
  const none = t.testdir({
    empty: {},
    wrong: { 'demo.json': '{"url":"http://127.0.0.1:9"}' },
    down: { 'demo.json': JSON.stringify({ url: 'http://127.0.0.1:9', hotline: '12345', agents: [] }) },
  });
  const results = await Promise.all([
    citizen(join(none, 'empty')),
    citizen(join(none, 'wrong')),
    citizen(join(none, 'down')),
    citizen(join(none, 'empty'), '--rate', '0'),
    citizen(join(none, 'empty'), '--help'),
  ]);
  t.match(results, [
    { code: 2, out: '', err: /^找不到 .*demo\.json.*npm run up/ },
    { code: 2, err: /demo\.json 内容不符（\/?.*）.*npm run up/ },
    { code: 2, err: /http:\/\/127\.0\.0\.1:9 无应答.*npm run up is not running/ },
    { code: 2, err: /^--rate：/ },
    { code: 0, out: /--agents N/ },
  ]);
});

t.test('whole calls against a hotline', async (t) => {
  const hotline = await openHotlineStandIn(3, { start: 25400, end: 25999 });
  t.teardown(() => hotline.close());
  const dir = mkdtempSync(join(tmpdir(), 'citizen-test-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'demo.json'), JSON.stringify(hotline.demo));
  const run = async (...args: string[]) => {
    const { code, out, err } = await citizen(dir, '--json', ...args);
    if (out === '') throw new Error(`exit code ${code}: ${err}`);
    t.equal(err, '');
    return { code, ...(JSON.parse(out) as { ok: boolean; calls: CallReport[]; summary: Summary }) };
  };

  t.test('three citizens, two agents: everybody talks and hears', async (t) => {
    const { code, calls, summary } = await run(
      '--count',
      '3',
      '--rate',
      '5',
      '--agents',
      '2',
      '--talk',
      '1',
      '--ring',
      '0.2',
    );
    t.equal(code, 0);
    t.match(summary, { calls: 3, ok: 3, failed: 0, answered: 3, connected: 3 });
    for (const call of calls) t.match(call, { outcome: 'talked', endedBy: 'citizen', cause: 16, from: /^138\*+0\d$/ });
    t.ok(calls.every(({ waitMs, offerMs }) => waitMs !== null && offerMs !== null && waitMs >= offerMs + 200));
    t.ok((summary.waitMs?.max ?? 0) > 600, 'the third waited for a free agent');
    t.ok((summary.voiceMs?.max ?? 9999) < 1000);
  });

  t.test('calls without agents', async (t) => {
    const results = await Promise.all([
      run('--hangup-in', 'menu'),
      run('--hangup-in', 'queue'),
      run('--talk', '0.5'),
      run('--to', cuttingOff),
      run('--to', refusing),
    ]);
    t.match(results, [
      { code: 0, ok: true, calls: [{ outcome: 'leftInMenu', endedBy: 'citizen' }] },
      { code: 0, calls: [{ outcome: 'leftInQueue', waitMs: null }] },
      { code: 0, calls: [{ outcome: 'stayed', waitMs: null }] },
      { code: 1, ok: false, calls: [{ outcome: 'cutOff', endedBy: 'hotline' }] },
      { code: 1, calls: [{ outcome: 'notAnswered', sipStatus: 486 }], summary: { failed: 1 } },
    ]);
  });

  t.test('nobody answers in time', async (t) => {
    const hurried = await run('--agents', '1', '--ring', '3', '--patience', '1');
    t.match(hurried, { code: 1, calls: [{ outcome: 'noAgent' }], summary: { failures: { noAgent: 1 } } });
  });

  t.test('a story for people, without full numbers', async (t) => {
    const { code, out } = await citizen(dir, '--talk', '0.5', '--agents', '1', '--ring', '0', '--from', '13900000017');
    t.equal(code, 0);
    t.match(out, /#1 拨打 12345.*139\*+17/);
    t.match(out, /双方听到对方/);
    t.match(out, /✓ 与话务员通话完成/);
    t.notMatch(out, /13900000017/);
  });

  t.test('too many agents asked, a wrong password', async (t) => {
    const [first, ...others] = hotline.demo.agents;
    const wrong = t.testdir({
      'demo.json': JSON.stringify({ ...hotline.demo, agents: [{ ...first, password: 'x' }, ...others] }),
    });
    t.match(await Promise.all([citizen(dir, '--agents', '4'), citizen(wrong, '--agents', '1')]), [
      { code: 2, err: /^--agents：.*3/ },
      { code: 2, err: /第 1 名.*sign-in.*401 account\.wrongPassword/ },
    ]);
  });

  t.same(
    readdirSync(temporary).filter((name) => name.startsWith('hotline-exchange-')),
    [],
    'no exchange left its folder',
  );
});
