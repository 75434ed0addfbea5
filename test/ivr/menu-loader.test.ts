import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import { MenuError, MenuLoader, type MenuLoaderOptions } from '../../src/ivr/menu-loader.js';
import { decodeWav } from '../../src/ivr/prompt-audio.js';
import { PromptLibrary } from '../../src/ivr/prompt-loader.js';

const menu = (queue: string, extra = '') =>
  `name: test\nstart: main\nnodes:\n  main: { kind: queue, queue: ${queue} }\n${extra}`;

function setUp(t: Test, text: string | null, queues = ['general', 'english']) {
  const dir = t.testdir({ config: {}, data: {} });
  const file = join(dir, 'config', 'menu.yaml');
  if (text !== null) writeFileSync(file, text);
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const options: MenuLoaderOptions = {
    file,
    versionsDir: join(dir, 'data', 'menus'),
    surroundings: () => ({ queues, hasPrompt: null }),
    clock: () => 42,
    log,
  };
  return { dir, file, lines, log, options, queues, warnings: () => lines.filter(({ level }) => level === 40) };
}

t.test('a good change goes live, a bad one changes nothing and is told once', async (t) => {
  const { file, options, warnings } = setUp(t, menu('general'));
  const loader = new MenuLoader(options);
  const first = loader.current;
  t.match(loader.status(), { file, version: first.version, state: 'live', checkedAt: 42, findings: [] });
  const seen: string[] = [];
  loader.onChange(({ version }) => seen.push(version));

  writeFileSync(file, menu('generel'));
  t.match(loader.reload(), { state: 'refused', version: first.version, findings: [{ line: 4, code: 'queue' }] });
  loader.reload();
  t.equal(loader.current, first);
  t.match(warnings(), [{ file, line: 4, code: 'queue', cause: /generel/ }]);
  t.equal(warnings().length, 1);

  writeFileSync(file, menu('english'));
  t.match(loader.reload(), { state: 'live', findings: [] });
  t.not(loader.current.version, first.version);
  t.same(seen, [loader.current.version], 'told once, and not for the bad one');
  t.same(loader.version(first.version), first.menu, 'calls under way keep theirs');
  t.equal(loader.version('../../../etc/passwd'), undefined);
  t.equal(loader.version('0123456789abcdef'), undefined);

  rmSync(file);
  t.match(loader.reload(), { state: 'refused', findings: [{ cause: /ENOENT/ }] });
});

t.test(
  'a fresh process finds the versions of calls under way, and the last good one when the file is bad',
  async (t) => {
    const { file, options } = setUp(t, menu('general'));
    const old = new MenuLoader(options).current;
    writeFileSync(file, menu('english'));
    const last = new MenuLoader(options).current;
    writeFileSync(file, 'nonsense: [');
    const fresh = new MenuLoader(options);
    t.same(fresh.current, last);
    t.equal(fresh.status().state, 'refused');
    t.same(fresh.version(old.version), old.menu);
    writeFileSync(join(options.versionsDir, `${old.version}.yaml`), 'broken');
    t.equal(new MenuLoader(options).version(old.version), undefined, 'a damaged version is not used');
  },
);

t.test('no menu at all is an error with file, line and cause', async (t) => {
  const { file, options } = setUp(t, menu('generel'));
  t.throws(() => new MenuLoader(options), { name: 'MenuError', message: new RegExp(`${file}:4: .*generel`) });
  rmSync(file);
  t.throws(() => new MenuLoader(options), MenuError);
});

t.test('queues that came later make a refused menu good', async (t) => {
  const { file, options, queues } = setUp(t, menu('general'));
  const loader = new MenuLoader(options);
  writeFileSync(file, menu('dialect'));
  t.equal(loader.reload().state, 'refused');
  queues.push('dialect');
  t.equal(loader.reload().state, 'live');
});

t.test('the file is followed, however an editor saves it', async (t) => {
  const { dir, file, options } = setUp(t, menu('general'));
  const loader = new MenuLoader(options);
  loader.watch();
  stayAlive(t);
  t.teardown(() => loader.close());
  const next = () => new Promise<string>((done) => loader.onChange(({ version }) => done(version)));
  let changed = next();
  writeFileSync(file, menu('english'));
  t.equal(await changed, loader.current.version, 'written in place');
  changed = next();
  writeFileSync(join(dir, 'config', '.menu.yaml.swp'), menu('general', '# other\n'));
  renameSync(join(dir, 'config', '.menu.yaml.swp'), file);
  t.equal(await changed, loader.current.version, 'replaced');
  const before = loader.current.version;
  changed = next();
  rmSync(file);
  writeFileSync(file, menu('general', '# third\n'));
  t.equal(await changed, loader.current.version, 'deleted and made again');
  t.not(loader.current.version, before);
});

/** Watching keeps no process alive; a test that waits for it must. */
function stayAlive(t: Test): void {
  const timer = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(timer));
}

/** One second of a tone, 44.1 kHz stereo, 16 bits. */
function recording(seconds = 1): Buffer {
  const frames = 44_100 * seconds;
  const wav = Buffer.alloc(44 + frames * 4);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + frames * 4, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(44_100, 24);
  wav.writeUInt32LE(176_400, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(frames * 4, 40);
  for (let frame = 0; frame < frames; frame++) {
    const value = Math.round(Math.sin((2 * Math.PI * 1000 * frame) / 44_100) * 16_000);
    wav.writeInt16LE(value, 44 + frame * 4);
    wav.writeInt16LE(value, 46 + frame * 4);
  }
  return wav;
}

t.test('recordings win by name, in any rate, and go away again', async (t) => {
  const { dir, log, warnings } = setUp(t, null);
  const [shippedDir, ownDir] = [join(dir, 'config'), join(dir, 'data', 'prompts')];
  for (const language of ['zh', 'en']) mkdirSync(join(shippedDir, language));
  for (const name of ['zh/hello', 'zh/bye', 'en/only-english']) writeFileSync(join(shippedDir, `${name}.wav`), 'x');
  const library = await PromptLibrary.open({ shippedDir, ownDir, log });
  t.teardown(() => library.close());
  t.equal(library.resolve('hello', 'zh'), `sound:${join(shippedDir, 'zh', 'hello')}`);
  t.equal(
    library.resolve('hello', 'en'),
    `sound:${join(shippedDir, 'zh', 'hello')}`,
    'Chinese where English is missing',
  );
  t.equal(library.resolve('only-english', 'zh'), `sound:${join(shippedDir, 'en', 'only-english')}`);
  t.equal(library.resolve('none', 'zh'), `sound:${join(shippedDir, 'zh', 'none')}`);
  library.resolve('none', 'zh');
  t.equal(warnings().length, 1, 'a missing one is told once');
  t.same([library.has('hello', 'zh'), library.has('hello', 'en'), library.has('none', 'zh')], [true, false, false]);

  library.watch();
  stayAlive(t);
  const changed = () => new Promise<void>((done) => library.onChange(done));
  let change = changed();
  writeFileSync(join(ownDir, 'zh', 'hello.wav'), recording());
  await change;
  await library.refresh();
  t.equal(library.resolve('hello', 'zh'), `sound:${join(ownDir, 'ready', 'zh', 'hello')}`);
  const made = readFileSync(join(ownDir, 'ready', 'zh', 'hello.wav'));
  t.equal(made.length, 44 + 16_000, 'one second of linear sound');
  t.ok(Math.max(...decodeWav(made).samples) > 0.2, 'it is loud');
  t.equal(library.folders('zh')[0], join(ownDir, 'ready', 'zh'));

  writeFileSync(join(ownDir, 'zh', 'bye.wav'), 'no sound');
  await library.refresh();
  t.equal(library.resolve('bye', 'zh'), `sound:${join(shippedDir, 'zh', 'bye')}`, 'a bad recording changes nothing');
  t.match(warnings().at(-1), { file: /bye\.wav$/, cause: 'not a WAV file' });

  change = changed();
  rmSync(join(ownDir, 'zh', 'hello.wav'));
  await change;
  await library.refresh();
  t.equal(library.resolve('hello', 'zh'), `sound:${join(shippedDir, 'zh', 'hello')}`);
  t.notOk(existsSync(join(ownDir, 'ready', 'zh', 'hello.wav')));
  t.same(readdirSync(join(ownDir, 'ready', 'zh')), []);
});
