import { parseArgs } from 'node:util';

export interface CitizenOptions {
  /** Keys pressed a second after the answer; empty for none. */
  press: string;
  talkSeconds: number;
  count: number;
  /** Calls a second. */
  rate: number;
  agents: number;
  /** The first citizen's number; the others count up from it. */
  from: string;
  /** Null dials the hotline's number. */
  to: string | null;
  hangUpIn: 'menu' | 'queue' | null;
  /** How long a citizen waits for an agent. */
  patienceSeconds: number;
  /** How long an agent's phone rings before it is answered. */
  ringSeconds: number;
  /** Whether anybody speaks; without it no RTP is sent by the tool. */
  sound: boolean;
  json: boolean;
  help: boolean;
}

/** An option that does not fit: one line for a person. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `npm run citizen -- [选项 / options]
  --press KEYS        接听后按键，w 停半秒 / keys pressed after the answer, w waits half a second (1)
  --talk SECONDS      与话务员通话时长；无脚本话务员时为按键后的停留时长 / talk time with the agent (10)
  --count N           来电数 / calls (1)
  --rate N            每秒来电数 / calls a second (1)
  --agents N          登录 N 名演示话务员并接听 / sign N of the demo agents in, who answer (0)
  --ring SECONDS      话务员振铃多久后接听 / how long their phones ring first (1)
  --patience SECONDS  市民最长等待 / how long a citizen waits for an agent (60)
  --hangup-in WHERE   在 menu 或 queue 中挂断 / hang up in the menu or the queue
  --from NUMBER       首个主叫号码，依次加一 / the first caller's number, counted up (13800000001)
  --to NUMBER         被叫号码 / number to dial (the hotline's)
  --silent            不发送声音，压测用 / nobody speaks, for load
  --json              结果以 JSON 输出 / print the result as JSON`;

const definitions = {
  press: { type: 'string', default: '1' },
  talk: { type: 'string', default: '10' },
  count: { type: 'string', default: '1' },
  rate: { type: 'string', default: '1' },
  agents: { type: 'string', default: '0' },
  ring: { type: 'string', default: '1' },
  patience: { type: 'string', default: '60' },
  'hangup-in': { type: 'string' },
  from: { type: 'string', default: '13800000001' },
  to: { type: 'string' },
  silent: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line.
 * @throws UsageError naming the first option that does not fit and what it allows; the value is not repeated, it may be a number
 */
export function parseOptions(argv: readonly string[]): CitizenOptions {
  const values = parse(argv);
  const press = text('press', values.press, /^[0-9*#A-DwW]{0,64}$/, '0-9 * # A-D w W');
  const hangUpIn = values['hangup-in'] ?? null;
  if (hangUpIn !== null && hangUpIn !== 'menu' && hangUpIn !== 'queue') throw wrong('hangup-in', 'menu | queue');
  return {
    press,
    talkSeconds: number('talk', values.talk, 0, 3600),
    count: integer('count', values.count, 1, 100_000),
    rate: number('rate', values.rate, 0.01, 200),
    agents: integer('agents', values.agents, 0, 200),
    from: text('from', values.from, /^\+?[0-9]{3,15}$/, '3–15 位数字 / 3 to 15 digits, + in front allowed'),
    to:
      values.to === undefined
        ? null
        : text('to', values.to, /^\+?[0-9]{2,15}$/, '2–15 位数字 / 2 to 15 digits, + in front allowed'),
    hangUpIn,
    patienceSeconds: number('patience', values.patience, 1, 3600),
    ringSeconds: number('ring', values.ring, 0, 120),
    sound: !values.silent,
    json: values.json,
    help: values.help,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: definitions, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const known = Object.keys(definitions).map((name) => `--${name}`);
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const given = argv.find((word) => word.startsWith('-') && !known.includes(word.split('=')[0] ?? ''));
      throw new UsageError(`${given}：没有这个选项 / no such option. 可用 / allowed: ${known.join(' ')}`);
    }
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw new UsageError(`只接受选项 / only options are taken: ${known.join(' ')}`);
    const named = known.find((name) => (error as Error).message.includes(`'${name}`));
    throw new UsageError(`${named ?? '选项'}：值缺失或多余 / a value is missing or not wanted`);
  }
}

function number(name: string, value: string, least: number, most: number): number {
  const parsed = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(parsed >= least && parsed <= most)) throw wrong(name, `${least}–${most}`);
  return parsed;
}

function integer(name: string, value: string, least: number, most: number): number {
  const parsed = number(name, value, least, most);
  if (!Number.isInteger(parsed)) throw wrong(name, `${least}–${most}，整数 / whole`);
  return parsed;
}

function text(name: string, value: string, pattern: RegExp, allowed: string): string {
  if (!pattern.test(value)) throw wrong(name, allowed);
  return value;
}

function wrong(name: string, allowed: string): UsageError {
  return new UsageError(`--${name}：值不合要求，可用 / does not fit, allowed: ${allowed}`);
}
