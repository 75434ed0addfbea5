import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { cacheFolder } from '../../../src/platform/provision/cache-folder.js';
import { provideTree, treeFolder } from '../../../src/platform/provision/debian-tree.js';
import { checkManifest, writeManifest } from '../../../src/platform/provision/manifest.js';
import { type PidLock, tryPidLock, waitForPidLock } from '../../../src/platform/provision/pid-lock.js';
import { provideAsterisk } from '../../../src/platform/provision/programs.js';
import { SetupError } from '../../../src/platform/provision/setup-error.js';
import { asteriskTree } from '../../../src/platform/provision/tree-spec.js';
import { loadSecrets, secretsEnv } from '../../../src/platform/secrets.js';

const silent = () => undefined;
const nowhere = 'http://127.0.0.1:9/debian';

function temporary(test: Pick<typeof t, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-provision-'));
  test.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

t.test('the cached Asterisk is used without a network, and it runs', async (t) => {
  const cacheDir = cacheFolder(resolve('var'));
  await provideAsterisk({ cacheDir, report: silent });
  const said: string[] = [];
  const offline = { ...process.env, DEBIAN_MIRROR: nowhere };
  const asterisk = await provideAsterisk({ cacheDir, report: (line) => said.push(line), env: offline });
  t.same(said, []);
  const { file, args, env } = asterisk.command(['-V']);
  t.match(
    spawnSync(file, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).stdout,
    `Asterisk ${asterisk.version}`,
  );
  t.ok(Number.parseInt(asterisk.version, 10) >= 20);
  for (const folder of [asterisk.moduleDir, join(asterisk.dataDir, 'moh')]) t.ok(existsSync(folder), folder);
});

t.test('without a network the first fetch says so, names the variable and leaves nothing behind', async (t) => {
  const cacheDir = temporary(t);
  const failure = provideTree(asteriskTree, {
    cacheDir,
    report: silent,
    env: { ...process.env, DEBIAN_MIRROR: nowhere },
  });
  await t.rejects(failure, { name: 'SetupError', message: /DEBIAN_MIRROR/ });
  t.same(readdirSync(cacheDir), []);
});

t.test('without apt-get it says what is missing', async (t) => {
  const failure = provideTree(asteriskTree, { cacheDir: temporary(t), report: silent, env: { PATH: '/nonexistent' } });
  await t.rejects(failure, { name: 'SetupError', message: /apt-get is missing/ });
});

t.test('another spec is another tree', async (t) => {
  t.not(treeFolder(asteriskTree, '/c'), treeFolder({ ...asteriskTree, packages: ['asterisk'] }, '/c'));
});

t.test('an Asterisk on PATH is preferred, an old one refused with its place', async (t) => {
  const prefix = temporary(t);
  mkdirSync(join(prefix, 'sbin'));
  for (const folder of ['lib/asterisk/modules', 'share/asterisk']) mkdirSync(join(prefix, folder), { recursive: true });
  const options = { cacheDir: temporary(t), report: silent, env: { PATH: join(prefix, 'sbin') } };
  const install = (version: string) => {
    writeFileSync(join(prefix, 'sbin/asterisk'), `#!/bin/sh\necho "Asterisk ${version}"\n`);
    chmodSync(join(prefix, 'sbin/asterisk'), 0o755);
  };
  install('certified/20.7-cert1');
  t.match(await provideAsterisk(options), {
    kind: 'host',
    version: '20.7',
    moduleDir: join(prefix, 'lib/asterisk/modules'),
  });
  install('18.26.4');
  const refusal = await provideAsterisk(options).catch((error: unknown) => error);
  t.type(refusal, SetupError);
  t.match(refusal, { message: new RegExp(`${prefix}/sbin/asterisk.*18\\.26\\.4`) });
});

t.test('a changed, cut or missing file of a tree is found', async (t) => {
  const tree = temporary(t);
  const file = join(tree, 'lib/a b.so');
  mkdirSync(join(tree, 'lib'));
  writeFileSync(file, 'content');
  t.equal(await checkManifest(tree), false, 'a tree without its list was never finished');
  await writeManifest(tree);
  t.equal(await checkManifest(tree), true);
  utimesSync(file, 1, 1);
  t.equal(await checkManifest(tree), true, 'a new time alone is no change');
  writeFileSync(file, 'c0ntent');
  t.equal(await checkManifest(tree), false, 'same length, other content');
  writeFileSync(file, 'cont');
  t.equal(await checkManifest(tree), false);
  rmSync(file);
  t.equal(await checkManifest(tree), false);
});

t.test('locks', async (t) => {
  const file = join(temporary(t), 'lock');
  const first = (await tryPidLock(file)) as PidLock;
  t.match(await tryPidLock(file), { heldBy: process.pid });
  const waiting = waitForPidLock(file, silent);
  await first.release();
  await (await waiting).release();
  t.notOk(existsSync(file));
  for (const stale of [`${process.pid} 1\n`, '4194304 5\n', '', 'nonsense']) {
    writeFileSync(file, stale);
    const lock = await tryPidLock(file);
    t.ok('release' in lock, `stale: ${JSON.stringify(stale)}`);
    if ('release' in lock) await lock.release();
  }
  const winners = (await Promise.all(Array.from({ length: 8 }, () => tryPidLock(file)))).filter(
    (lock) => 'release' in lock,
  );
  t.equal(winners.length, 1);
});

t.test('the cache is at home, or below DATA_DIR when home cannot be written to', async (t) => {
  const data = temporary(t);
  const home = temporary(t);
  t.equal(cacheFolder(data, { HOME: home }), join(home, '.cache/hotline12345'));
  t.equal(cacheFolder(data, { HOME: home, XDG_CACHE_HOME: join(home, 'x') }), join(home, 'x/hotline12345'));
  t.equal(cacheFolder(data, {}), join(data, 'cache'));
  writeFileSync(join(home, 'file'), '');
  t.equal(cacheFolder(data, { HOME: join(home, 'file') }), join(data, 'cache'));
});

t.test('secrets are made once, private, complete, and never overwritten', async (t) => {
  const data = temporary(t);
  const file = join(data, 'secrets.json');
  const secrets = loadSecrets(data);
  t.same(loadSecrets(data), secrets);
  t.equal(spawnSync('stat', ['-c', '%a', file], { encoding: 'utf8' }).stdout.trim(), '600');
  t.equal(new Set(Object.values(secrets)).size, Object.keys(secrets).length);
  const { ariPassword, ...older } = secrets;
  writeFileSync(file, JSON.stringify(older));
  const completed = loadSecrets(data);
  t.match(completed, older, 'a secret that is new to the schema is added to the others');
  t.not(completed.ariPassword, ariPassword);
  t.not(secretsEnv(secrets).SYSTEM_NAME, secretsEnv({ ...secrets, installation: 'x'.repeat(24) }).SYSTEM_NAME);
  for (const bad of ['{"postgresPassword": "short"}', '{"postgresPassword": "cut of']) {
    writeFileSync(file, bad);
    t.throws(() => loadSecrets(data));
    t.equal(readFileSync(file, 'utf8'), bad);
  }
});
