/**
 * Every error that a person or a program outside can get: one registry of code, text in both languages and what to do
 * next. The HTTP status of a code is assigned in `platform/http/` only.
 */
export const errorRegistry = {
  'request.invalid': {
    zh: '请求内容不符合要求',
    en: 'The request does not fit its schema',
    hint: 'Correct the field named in "field"; "allowed" says what fits.',
  },
  'request.notFound': { zh: '没有这个地址', en: 'No such address', hint: 'GET /api/openapi.json lists every route.' },
  'account.notAllowed': {
    zh: '没有权限',
    en: 'Your roles do not allow this',
    hint: 'Ask an administrator for one of the roles named in "allowed".',
  },
  'account.signInRefused': { zh: '姓名或密码不正确', en: 'Wrong name or password', hint: 'Check both and try again.' },
  'account.locked': {
    zh: '登录失败次数过多，账号暂时锁定',
    en: 'Too many failed sign-ins: the account is locked for a while',
    hint: 'Try again in five minutes.',
  },
  'call.unknown': { zh: '没有这个来电', en: 'No such call', hint: 'GET /api/calls lists the calls you may see.' },
  'call.noRecording': {
    zh: '该来电没有录音',
    en: 'The call has no recording',
    hint: 'A call that was never answered has none; a new one may take a second.',
  },
  'seat.unknown': { zh: '没有这个坐席', en: 'No such seat', hint: 'GET /api/seats lists the seats.' },
  'seat.occupied': {
    zh: '该坐席已有人',
    en: 'Another agent sits at this seat',
    hint: 'Choose a free seat, or ask the other agent to leave it.',
  },
  'seat.none': { zh: '您还没有坐席', en: 'You have no seat', hint: 'Take one first: PUT /api/seat {"seat":"1001"}.' },
  'seat.moveNotAllowed': {
    zh: '坐席当前状态不允许此操作',
    en: 'The seat is in a state that does not allow this',
    hint: 'Do it in one of the states named in "allowed".',
  },
  'request.foreignOrigin': {
    zh: '不接受其他网站页面的连接',
    en: 'Pages of other sites may not connect here',
    hint: 'Open the page at the address of this server itself.',
  },
  'account.notSignedIn': {
    zh: '尚未登录',
    en: 'Not signed in',
    hint: 'POST /api/sign-in first; send its cookie, or its token as "Authorization: Bearer …".',
  },
  'server.away': {
    zh: '服务器正在重启，请稍候',
    en: 'The server is starting again',
    hint: 'Try again in a few seconds; calls under way go on meanwhile.',
  },
  'server.failed': {
    zh: '服务器内部错误',
    en: 'The server failed',
    hint: 'Try again; when it stays, give the administrator the request id of the answer.',
  },
} as const satisfies Record<string, ErrorText>;

export interface ErrorText {
  zh: string;
  en: string;
  /** What to do next. */
  hint: string;
}

export type ErrorCode = keyof typeof errorRegistry;

/** An error with a code of the registry. `field` and `allowed` may never carry personal data. */
export class HotlineError extends Error {
  override readonly name = 'HotlineError';
  constructor(
    readonly code: ErrorCode,
    readonly details: { field?: string; allowed?: readonly string[] | string; hint?: string; cause?: unknown } = {},
  ) {
    super(`${code}: ${errorRegistry[code].en}`, { cause: details.cause });
  }
}
