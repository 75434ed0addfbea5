import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import postgres from 'postgres';
import t from 'tap';
import { preparePostgres, startPostgres } from '../../../src/platform/postgres/server.js';
import { SetupError } from '../../../src/platform/provision/setup-error.js';
import { freePort } from '../../support/ports.js';
import { createTestDatabase } from '../../support/postgres.js';

const password = 'first-password-of-the-role';

async function options(folder: string) {
  return { dataDir: join(folder, 'data'), port: await freePort(), password, installation: folder, fast: true };
}

function temporary(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-test-'));
  chmodSync(folder, mode);
  return folder;
}

t.test(
  'a cluster outlives its server, its password follows the secrets, what a killed one left is cleared',
  async (t) => {
    const folder = temporary(0o711);
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const first = await options(folder);
    const server = await startPostgres(first);
    const sql = postgres(server.url, { max: 1 });
    await sql`CREATE TABLE kept (word text)`;
    await sql`INSERT INTO kept VALUES ('留下')`;
    const [locale] = await sql`SELECT datlocale, datctype FROM pg_database WHERE datname = 'hotline'`;
    t.match(locale, { datlocale: 'C.UTF-8', datctype: 'C.UTF-8' }, 'pg_trgm needs this to index Chinese');
    await sql.end();
    await t.rejects(
      startPostgres({ ...first, dataDir: join(folder, 'other') }),
      /could not bind|Address already in use/,
    );
    await server.stop();
    t.equal(server.child.exitCode, 0);

    // The number of a process that lives and is not PostgreSQL, as after a restart of the machine.
    const pidFile = join(server.child.spawnargs[server.child.spawnargs.indexOf('-D') + 1] ?? '', 'postmaster.pid');
    writeFileSync(pidFile, `${process.pid}\n`);
    const again = await startPostgres({ ...first, password: 'second-password-of-the-role' });
    const sqlAgain = postgres(again.url, { max: 1 });
    t.same([...(await sqlAgain`SELECT word FROM kept`)], [{ word: '留下' }]);
    await sqlAgain.end();
    const refused = postgres(server.url, { max: 1 });
    await t.rejects(refused`SELECT 1`, /password authentication failed/);
    await refused.end();

    const ended = new Promise((done) => again.child.once('close', done));
    await preparePostgres({ ...first, password: 'second-password-of-the-role' });
    await ended;
    t.pass('a server without its supervisor is stopped before the next one starts');
  },
);

t.test('data of another major version is refused, with the folder named', async (t) => {
  const folder = temporary(0o711);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const settings = await options(folder);
  mkdirSync(settings.dataDir);
  writeFileSync(join(settings.dataDir, 'PG_VERSION'), '15\n');
  const refusal = await preparePostgres(settings).then(
    () => null,
    (error: unknown) => error,
  );
  t.type(refusal, SetupError);
  t.match(refusal, { message: /PostgreSQL 15/ });
});

t.test(
  'root in a folder that nobody may enter: the data moves, and dies with its DATA_DIR',
  {
    skip: process.getuid?.() !== 0 && 'only root has this trouble',
  },
  async (t) => {
    const folder = temporary(0o700);
    const settings = await options(folder);
    const moved: string[] = [];
    t.teardown(() => {
      rmSync(folder, { recursive: true, force: true });
      for (const home of moved.map(dirname))
        for (const name of readdirSync(dirname(home)))
          if (name.startsWith(basename(home))) rmSync(join(dirname(home), name), { recursive: true, force: true });
    });
    const { dataDir } = await preparePostgres(settings);
    moved.push(dataDir);
    t.not(dataDir, settings.dataDir);
    t.equal(readFileSync(join(settings.dataDir, 'MOVED'), 'utf8'), `${dataDir}\n`);
    writeFileSync(join(dataDir, 'mine'), '');
    t.equal((await preparePostgres(settings)).dataDir, dataDir);
    t.ok(existsSync(join(dataDir, 'mine')), 'the same installation finds its data again');

    rmSync(settings.dataDir, { recursive: true });
    await preparePostgres({ ...settings, installation: 'another installation' });
    t.notOk(existsSync(join(dataDir, 'mine')), 'another one does not');
  },
);

t.test('no server is left when the process that started it is killed with -9', async (t) => {
  const folder = temporary(0o711);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const script = `
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, '../../../src/platform/postgres/server.ts'))};
    const { child } = await startPostgres(${JSON.stringify(await options(folder))});
    console.log(child.pid);`;
  const parent: ChildProcess = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((told) => parent.stdout?.once('data', (line) => told(Number(line))));
  t.ok(existsSync(`/proc/${pid}/exe`));
  parent.kill('SIGKILL');
  await gone(pid);
  t.pass('ended');
});

t.test('test databases are copies of a template that is prepared once', async (t) => {
  let prepared = 0;
  const template = {
    name: `server.test ${process.pid}`,
    prepare: async (url: string) => {
      prepared++;
      const sql = postgres(url, { max: 1 });
      await sql`CREATE TABLE from_template (word text)`;
      await sql.end();
    },
  };
  const urls = await Promise.all([createTestDatabase(t, template), createTestDatabase(t, template)]);
  t.equal(prepared, 1);
  t.not(urls[0], urls[1]);
  const sql = postgres(urls[0], { max: 1 });
  t.same([...(await sql`SELECT word FROM from_template`)], []);
  await sql.end();
});

/** Resolves when the process has ended; a zombie whose new parent has not collected it yet counts as ended. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const command = existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
    if (command === '') return;
    await new Promise((later) => setTimeout(later, 20));
  }
}
