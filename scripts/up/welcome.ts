import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Config } from '../../src/config.js';

interface Demo {
  url: string;
  hotline: string;
  agents: {
    name: string;
    password: string;
    role: string;
    seat: string;
    sip: { user: string; password: string; host: string; port: number };
  }[];
}

/** What a newcomer needs next, Chinese first. Without demo data (`--no-demo`) only where things are. */
export function welcome(config: Config, tookMs: number): string {
  const demo = readDemo(config.DATA_DIR);
  const url = demo?.url ?? `${config.TLS_CERT ? 'https' : 'http'}://${config.BIND}:${config.HTTP_PORT}/`;
  const folder = join(config.DATA_DIR, 'log');
  const near = relative(process.cwd(), folder);
  const logs = near.startsWith('..') ? folder : near;
  return [
    '',
    `热线已就绪（${(tookMs / 1000).toFixed(1)} 秒） / The hotline is ready (${(tookMs / 1000).toFixed(1)} s)`,
    '',
    `  网页 / page          ${url}`,
    ...(demo ? demoLines(demo) : []),
    `  日志 / logs          ${logs}/*.log`,
    '  停止 / stop          Ctrl-C',
    '',
  ].join('\n');
}

function demoLines(demo: Demo): string[] {
  const width = Math.max(...demo.agents.map(({ name }) => name.length), 4);
  const agents = demo.agents.map(
    ({ name, password, role, seat }) =>
      `    ${name.padEnd(width)}  ${password}  ${role}${seat ? `  坐席 / seat ${seat}` : ''}`,
  );
  const phone = demo.agents.find(({ sip }) => sip)?.sip;
  return [
    '  登录 / sign in       姓名 密码 角色 / name, password, role',
    ...agents,
    ...(phone
      ? [
          `  SIP 话机 / SIP phone ${phone.host}:${phone.port} UDP，用户 / user ${phone.user}，密码 / password ${phone.password}`,
        ]
      : []),
    `  拨打 / place a call  拨 / dial ${demo.hotline}，或另开终端 / or in another terminal:`,
    '                       npm run citizen -- --press 1 --talk 10 --agents 3',
    '  以上信息 / as a file demo.json（DATA_DIR）',
  ];
}

function readDemo(dataDir: string): Demo | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as Demo;
  } catch {
    return null; // Started without demo data.
  }
}
