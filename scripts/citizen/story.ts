/** What came of one scripted call. Durations in ms, null where it did not get so far. */
export interface CallReport {
  /** 1, 2, 3 … in the order of dialling. */
  call: number;
  /** Masked. */
  from: string;
  ok: boolean;
  /** How far it got, or why it did not go as asked. */
  outcome: Outcome;
  /** When it was dialled, ISO 8601. */
  at: string;
  /** Dialling to the hotline's answer. */
  answerMs: number | null;
  /**
   * Last key going down (or answer, without keys) to the agent's phone ringing. The key itself takes 100 ms of this: the
   * hotline learns of it when it is released.
   */
  offerMs: number | null;
  /** The same to the agent's answer, the phone's ringing included. */
  waitMs: number | null;
  /** Agent's answer to the agent's voice at the citizen. */
  voiceMs: number | null;
  /** Dialling to the end. */
  lengthMs: number;
  endedBy: 'citizen' | 'hotline';
  /** Q.850. */
  cause: number;
  sipStatus: number | null;
}

export type Outcome =
  | 'talked'
  | 'stayed'
  | 'leftInMenu'
  | 'leftInQueue'
  | 'notAnswered'
  | 'noAgent'
  | 'cutOff'
  | 'noVoice'
  | 'agentTooEarly'
  | 'scriptFailed'
  | 'interrupted';

const words: Record<Outcome, string> = {
  talked: '与话务员通话完成 / talked with an agent',
  stayed: '按要求停留后挂断 / stayed as asked',
  leftInMenu: '在菜单中挂断 / hung up in the menu',
  leftInQueue: '在排队中挂断 / hung up in the queue',
  notAnswered: '热线没有接听 / the hotline did not answer',
  noAgent: '没有话务员接听 / no agent answered in time',
  cutOff: '被热线提前挂断 / the hotline ended it early',
  noVoice: '双方没有都听到对方 / they did not both hear each other',
  agentTooEarly: '挂断前话务员已接听 / an agent answered before the hang-up',
  scriptFailed: '脚本未能执行 / a step of the script failed',
  interrupted: '测试被中断 / the run was interrupted',
};

export interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}

export interface Summary {
  calls: number;
  ok: number;
  failed: number;
  /** Calls that the hotline answered. */
  answered: number;
  /** Calls that an agent answered. */
  connected: number;
  /** Why calls failed, with counts. */
  failures: Partial<Record<Outcome, number>>;
  /** In ms; null where no call got so far. */
  answerMs: Quantiles | null;
  offerMs: Quantiles | null;
  waitMs: Quantiles | null;
  voiceMs: Quantiles | null;
  /** How late calls were dialled against the asked rate: a measurement with much more than 20 ms here is not of that rate. */
  lateMs: Quantiles | null;
  seconds: number;
  /** CPU used meanwhile by the exchange and by this tool, in seconds. */
  cpu: { exchange: number; tool: number };
}

/** Sums up; `late` are the delays of dialling in ms. */
export function summarize(
  calls: readonly CallReport[],
  late: readonly number[],
  run: { seconds: number; cpu: { exchange: number; tool: number } },
): Summary {
  const bad = calls.filter(({ ok }) => !ok);
  const failures: Summary['failures'] = {};
  for (const { outcome } of bad) failures[outcome] = (failures[outcome] ?? 0) + 1;
  const of = (key: 'answerMs' | 'offerMs' | 'waitMs' | 'voiceMs') =>
    quantiles(calls.flatMap((call) => call[key] ?? []));
  return {
    calls: calls.length,
    ok: calls.length - bad.length,
    failed: bad.length,
    answered: calls.filter(({ answerMs }) => answerMs !== null).length,
    connected: calls.filter(({ waitMs }) => waitMs !== null).length,
    failures,
    answerMs: of('answerMs'),
    offerMs: of('offerMs'),
    waitMs: of('waitMs'),
    voiceMs: of('voiceMs'),
    lateMs: quantiles(late),
    ...run,
  };
}

/** Nearest-rank quantiles; null for an empty list. */
export function quantiles(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { p50: rank(0.5), p99: rank(0.99), max: rank(1) };
}

/** A caller's number as it may stand on a screen: the first three and the last two digits of a long one. */
export function masked(number: string): string {
  return number.length < 8 ? '*'.repeat(number.length) : `${number.slice(0, 3)}******${number.slice(-2)}`;
}

export function outcomeLine(report: CallReport): string {
  const by = report.endedBy === 'citizen' ? '市民挂断 / citizen hung up' : '热线挂断 / hotline hung up';
  const sip = report.sipStatus === null ? '' : `, SIP ${report.sipStatus}`;
  return `${report.ok ? '✓' : '✗'} ${words[report.outcome]} (${seconds(report.lengthMs)}; ${by}; Q.850 ${report.cause}${sip})`;
}

/** The summary for people. */
export function summaryLines(summary: Summary): string[] {
  const line = (zh: string, en: string, value: Quantiles | null) =>
    value === null ? [] : [`  ${zh} / ${en}: p50 ${value.p50} ms, p99 ${value.p99} ms, max ${value.max} ms`];
  const failures = Object.entries(summary.failures).map(([outcome, n]) => `  ✗ ${n} × ${words[outcome as Outcome]}`);
  return [
    `共 ${summary.calls} 个来电：符合要求 ${summary.ok}，不符 ${summary.failed}，热线接听 ${summary.answered}，话务员接听 ${summary.connected} / ` +
      `${summary.calls} calls: ${summary.ok} as asked, ${summary.failed} not, ${summary.answered} answered by the hotline, ${summary.connected} by an agent`,
    ...failures,
    ...line('接听', 'dialling to answer', summary.answerMs),
    ...line('派话', 'key to agent’s ringing', summary.offerMs),
    ...line('等待', 'key to agent’s answer', summary.waitMs),
    ...line('听到话务员', 'agent’s answer to voice', summary.voiceMs),
    ...line('拨号延迟', 'dialled late by', summary.lateMs),
    `  CPU ${summary.seconds.toFixed(1)} s: 交换机 / exchange ${summary.cpu.exchange.toFixed(2)} s, 本工具 / tool ${summary.cpu.tool.toFixed(2)} s`,
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
