/** What a newcomer finds: put in once, into an empty installation; passwords are made, never built in (A6). */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from './account/account.js';
import type { AccountService } from './account/account-service.js';
import { findAccount } from './account/account-store.js';
import type { Config } from './config.js';
import type { Db } from './platform/postgres/client.js';
import { type QueueSettings, queuesFor } from './queue/queue.js';
import { addQueues } from './queue/queue-store.js';
import { phonePassword } from './seat/phone.js';
import { addSeats, setSkills } from './seat/seat-store.js';

const timing = { offerTimeoutMs: 20_000, wrapUpMs: 30_000, announceEveryMs: 30_000 };

export const demoQueues: readonly QueueSettings[] = [
  { name: 'general', labels: { zh: '政务服务', en: 'Government service' }, language: 'zh', skill: null, ...timing },
  {
    name: 'enterprise',
    labels: { zh: '亲清e线', en: 'Enterprise line' },
    language: 'zh',
    skill: { name: 'enterprise', level: 1 },
    ...timing,
  },
  {
    name: 'english',
    labels: { zh: '英语', en: 'English' },
    language: 'en',
    skill: { name: 'english', level: 1 },
    ...timing,
  },
];

interface DemoPerson {
  name: string;
  role: Role;
  seat: string | null;
  skills: Record<string, number>;
}

const agent = (n: number, skills: Record<string, number>): DemoPerson => ({
  name: `agent${n}`,
  role: 'agent',
  seat: `${1000 + n}`,
  skills,
});
const person = (name: string, role: Role): DemoPerson => ({ name, role, seat: null, skills: {} });

export const demoPeople: readonly DemoPerson[] = [
  agent(1, { enterprise: 3, english: 2 }),
  agent(2, { enterprise: 2 }),
  agent(3, { english: 3 }),
  agent(4, { enterprise: 1, english: 1 }),
  agent(5, {}),
  agent(6, {}),
  { ...person('supervisor1', 'supervisor'), seat: '1007', skills: { enterprise: 1, english: 1 } },
  person('dispatcher1', 'dispatcher'),
  person('quality1', 'qualityInspector'),
  person('unit1', 'unitHandler'),
  person('leader1', 'leader'),
  person('admin1', 'admin'),
];

export interface DemoDataParts {
  readonly config: Config;
  readonly db: Db;
  readonly accounts: AccountService;
  /** Key of the phones' passwords. */
  readonly phoneKey: string;
  /** Adds the demo units that are not there yet; answers the unit of the demo's unit handler. */
  readonly addUnits: () => Promise<string>;
}

/** Puts the demo data in unless it is there (in the database and as a file), and writes `demo.json` (mode 600) for people and programs. */
export async function putDemoData({ config, db, accounts, phoneKey, addUnits }: DemoDataParts): Promise<void> {
  const file = join(config.DATA_DIR, 'demo.json');
  if (existsSync(file) && (await findAccount(db, demoPeople[0]?.name ?? ''))) return;
  await addQueues(db, demoQueues);
  await addSeats(
    db,
    demoPeople.flatMap(({ seat }) => (seat === null ? [] : [seat])),
  );
  const unitId = await addUnits();
  const agents = [];
  for (const { name, role, seat, skills } of demoPeople) {
    const password = randomBytes(9).toString('base64url');
    const ofUnit = role === 'unitHandler' ? { unitId } : {};
    const accountId = await accounts.putAccount({ name, password, roles: [role], ...ofUnit });
    await setSkills(db, accountId, skills);
    agents.push({
      name,
      password,
      role,
      seat,
      queues: queuesFor(skills, demoQueues),
      sip: seat === null ? null : sipOf(seat),
    });
  }
  const url = `${config.TLS_CERT ? 'https' : 'http'}://${config.BIND}:${config.HTTP_PORT}`;
  const queues = demoQueues.map(({ name, labels }) => ({ name, labels }));
  const demo = { url, hotline: '12345', agents, queues };
  writeFileSync(`${file}.new`, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);

  function sipOf(seat: string) {
    const { BIND: host, SIP_PORT: port } = config;
    return { uri: `sip:${seat}@${host}:${port}`, user: seat, password: phonePassword(phoneKey, seat), host, port };
  }
}
