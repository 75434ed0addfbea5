import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { type Ari, type AriBridge, type AriChannel, strandedCallers } from '../../../scripts/up/ari.js';
import type { KnownProcess } from '../../../scripts/up/orphans.js';
import { checkSettings } from '../../../scripts/up/preflight.js';
import { Watchdog } from '../../../scripts/up/watchdog.js';
import { readConfig } from '../../../src/config.js';
import { freePort } from '../../support/ports.js';

// About 20 s on two idle cores; much more when they are shared.
t.setTimeout(400_000);

type Test = Pick<typeof t, 'teardown'>;
const root = resolve(import.meta.dirname, '../../..');

async function settings(test: Test): Promise<Record<string, string>> {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'hotline-up-'));
  // The database runs under another account when root runs the tests.
  chmodSync(DATA_DIR, 0o711);
  test.teardown(() => rmSync(DATA_DIR, { recursive: true, force: true }));
  const rtp = 21500;
  const port = async () => String(await freePort());
  return {
    DATA_DIR,
    HTTP_PORT: await port(),
    SERVER_PORT: await port(),
    SIP_PORT: await port(),
    ARI_PORT: await port(),
    POSTGRES_PORT: await port(),
    RTP_START: String(rtp),
    RTP_END: String(rtp + 200),
    DRAIN_SECONDS: '1',
    SERVER_AWAY_SECONDS: '1',
  };
}

/** A started `up`, with the stub in the place of the server. */
function startUp(env: Record<string, string>) {
  const child: ChildProcess = spawn(
    process.execPath,
    ['scripts/bootstrap.mjs', 'scripts/up.ts', '--server=test/scripts/up/stub-server.ts'],
    { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    child,
    ended,
    output: () => output,
    said: async (text: string | RegExp) => {
      while (!output.match(text)) {
        if (child.exitCode !== null) throw new Error(`up ended with ${child.exitCode}: ${output}`);
        await delay(20);
      }
    },
    processes: () => JSON.parse(readFileSync(join(env.DATA_DIR ?? '', 'processes.json'), 'utf8')) as KnownProcess[],
  };
}

const refusals: [string, (env: Record<string, string>) => Record<string, string>, RegExp][] = [
  ['a setting that is no number', () => ({ HTTP_PORT: 'x' }), /HTTP_PORT/],
  ['two equal ports', (env) => ({ SERVER_PORT: env.HTTP_PORT ?? '' }), /SERVER_PORT.*HTTP_PORT/],
  ['a port among the RTP ports', () => ({ SIP_PORT: '21550' }), /SIP_PORT.*RTP_START/],
  ['an open address without TLS', () => ({ BIND: '0.0.0.0' }), /TLS_CERT, TLS_KEY, TRUNK_ADDRESSES/],
  [
    'a certificate that is none',
    () => ({ BIND: '0.0.0.0', TLS_CERT: '/etc/hosts', TLS_KEY: '/etc/hosts', TRUNK_ADDRESSES: '192.0.2.1' }),
    /TLS_CERT.*no PEM/,
  ],
  ['an address of another machine', () => ({ BIND: '127.0.0.1.example' }), /BIND/],
  ['a folder that cannot be made', () => ({ DATA_DIR: '/proc/hotline' }), /DATA_DIR/],
  [
    'a database that is not there',
    () => ({ DATABASE_URL: 'postgres://hotline:secret-word@127.0.0.1:9/x' }),
    /DATABASE_URL/,
  ],
  [
    'no network at the first start',
    (env) => ({ XDG_CACHE_HOME: join(env.DATA_DIR ?? '', 'empty'), DEBIAN_MIRROR: 'http://127.0.0.1:9/debian' }),
    /DEBIAN_MIRROR/,
  ],
];

t.test('what is in the way is said in one line, with the variable that mends it', async (t) => {
  for (const [what, change, expected] of refusals) {
    const env = await settings(t);
    const up = startUp({ ...env, ...change(env) });
    t.equal(await up.ended, 1, what);
    const lines = up
      .output()
      .trim()
      .split('\n')
      .filter((line) => !line.includes('reading Debian'));
    t.equal(lines.length, 1, lines.join('\n'));
    t.match(lines[0], expected);
    t.notMatch(lines[0], /secret-word/);
    t.notOk(existsSync(join(env.DATA_DIR ?? '', 'postgres')), 'nothing half-done');
  }
});

t.test('the defaults are no wrong settings', async (t) => {
  t.doesNotThrow(() => checkSettings(readConfig({})));
});

t.test('a taken port is named with its variable', async (t) => {
  const env = await settings(t);
  for (const variable of ['HTTP_PORT', 'SIP_PORT', 'ARI_PORT', 'POSTGRES_PORT']) {
    const taken = createServer().listen(Number(env[variable]), '127.0.0.1');
    const up = startUp(env);
    t.equal(await up.ended, 1);
    t.match(up.output(), new RegExp(`port ${env[variable]} is taken.*${variable}`));
    await new Promise((closed) => taken.close(closed));
  }
});

t.test(
  'a whole life: parts restart alone, a second up is refused, kill -9 leaves nothing, Ctrl-C ends in order',
  async (t) => {
    const env = await settings(t);
    const up = startUp(env);
    t.teardown(() => up.child.kill('SIGKILL'));
    await up.said('热线已就绪');
    const url = `http://127.0.0.1:${env.HTTP_PORT}/`;
    t.equal((await fetch(url)).status, 200, 'through the edge to the server');
    t.same(
      up
        .processes()
        .map(({ name }) => name)
        .sort(),
      ['asterisk', 'edge', 'postgres', 'server'],
    );

    const second = startUp(env);
    t.equal(await second.ended, 1);
    t.match(second.output(), new RegExp(`process ${up.child.pid}\\).*DATA_DIR`));

    const before = up.processes();
    const server = before.find(({ name }) => name === 'server');
    process.kill(server?.pid ?? 0, 'SIGKILL');
    const killedAt = Date.now();
    await up.said('server has ended');
    while ((await fetch(url)).status !== 200) await delay(20);
    t.comment(`the server answers again after ${Date.now() - killedAt} ms`);
    const others = (list: KnownProcess[]) => list.filter(({ name }) => name !== 'server');
    t.same(others(up.processes()), others(before), 'the others were left alone');

    await up.said('server works again');
    writeFileSync(join(env.DATA_DIR ?? '', 'hang'), '');
    await up.said('server does not answer');
    await up.said('the server has been away for 1 s');
    rmSync(join(env.DATA_DIR ?? '', 'hang'));
    await up.said('the server is back');

    const last = up.processes();
    up.child.kill('SIGKILL');
    await up.ended;
    while (last.some(alive)) await delay(20);
    t.pass('all parts ended with it');

    // Had the kernel not ended them: a process that the list names by number and start time is ended by the next up.
    const orphan = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const orphanEnded = new Promise((done) => orphan.once('exit', done));
    const start = readFileSync(`/proc/${orphan.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
    const innocent = { name: 'edge', pid: process.pid, start: '1' };
    writeFileSync(
      join(env.DATA_DIR ?? '', 'processes.json'),
      JSON.stringify([{ name: 'server', pid: orphan.pid, start }, innocent]),
    );
    const again = startUp(env);
    t.teardown(() => again.child.kill('SIGKILL'));
    const startedAt = Date.now();
    await again.said('热线已就绪');
    t.comment(`second start: ${Date.now() - startedAt} ms`);
    await orphanEnded;
    t.match(again.output(), /ended what the last run left: server\n/);

    const running = again.processes();
    // As npm does: Ctrl-C reaches the process twice within a moment.
    again.child.kill('SIGINT');
    again.child.kill('SIGINT');
    t.equal(await again.ended, 0);
    t.match(again.output(), /stopped/);
    t.notOk(running.some(alive), 'no process is left');
    t.same(again.processes(), []);
    t.match(readFileSync(join(env.DATA_DIR ?? '', 'log/server.log'), 'utf8'), /draining/);
    t.notOk(existsSync(join(env.DATA_DIR ?? '', 'up.pid')));
  },
);

t.test('callers of an absent server are moved once, talking ones never', async (t) => {
  const channel = (id: string, app_data: string, app_name = 'Stasis'): AriChannel => ({
    id,
    name: `PJSIP/trunk-${id}`,
    dialplan: { context: 'from-trunk', app_name, app_data },
  });
  let channels = [
    channel('waiting', 'hotline,inbound,12345'),
    channel('talking', 'hotline,inbound,12345'),
    channel('alone in its bridge', 'hotline,inbound,12345'),
    channel('agent', 'hotline,agent'),
    channel('other', 'hotline,inboundish'),
    channel('in the emergency queue', 'emergency', 'Queue'),
  ];
  const bridges: AriBridge[] = [
    { id: 'one', channels: ['talking', 'agent'] },
    { id: 'two', channels: ['alone in its bridge'] },
  ];
  t.same(
    strandedCallers(channels, bridges).map(({ id }) => id),
    ['waiting', 'alone in its bridge'],
  );

  let now = 0;
  let present = false;
  const moved: string[] = [];
  const ari = {
    channels: async () => channels,
    bridges: async () => bridges,
    toDialplan: async (id: string, context: string, extension: string) => {
      moved.push(`${id} ${context} ${extension}`);
      channels = channels.filter((one) => one.id !== id);
    },
  } as unknown as Ari;
  const dog = new Watchdog({
    ari,
    serverPresent: () => present,
    awaySeconds: 10,
    tell: () => undefined,
    now: () => now,
  });
  t.equal(await dog.look(), 0);
  now = 9_999;
  t.equal(await dog.look(), 0, 'a short absence is none');
  present = true;
  await dog.look();
  present = false;
  now = 15_000;
  t.equal(await dog.look(), 0, 'the time counts from the last sight of the server');
  now = 25_000;
  t.equal(await dog.look(), 2);
  t.equal(await dog.look(), 0);
  t.same(moved, ['waiting emergency s', 'alone in its bridge emergency s']);
});

function alive({ pid, start }: KnownProcess): boolean {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] !== 'Z' && fields[19] === start;
  } catch {
    return false; // No such process.
  }
}
