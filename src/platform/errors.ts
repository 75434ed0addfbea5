/**
 * Every error that a person or a program outside can get: one registry of code, text in both languages and what to do
 * next. The HTTP status of a code is assigned in `platform/http/` only.
 */
export const errorRegistry = {
  'request.invalid': {
    zh: '请求内容不符合要求',
    en: 'The request does not fit its schema',
    hint: 'Correct the field named in "field"; "allowed" says what fits.',
    hintZh: '请修改 field 所指的内容；allowed 说明可填什么。',
  },
  'request.notFound': {
    zh: '没有这个地址',
    en: 'No such address',
    hint: 'GET /api/openapi.json lists every route.',
    hintZh: 'GET /api/openapi.json 列出了所有地址。',
  },
  'account.notAllowed': {
    zh: '没有权限',
    en: 'Your roles do not allow this',
    hint: 'Ask an administrator for one of the roles named in "allowed".',
    hintZh: '请管理员授予 allowed 中的某个角色。',
  },
  'account.signInRefused': {
    zh: '姓名或密码不正确',
    en: 'Wrong name or password',
    hint: 'Check both and try again.',
    hintZh: '请检查姓名和密码后重试。',
  },
  'account.locked': {
    zh: '登录失败次数过多，账号暂时锁定',
    en: 'Too many failed sign-ins: the account is locked for a while',
    hint: 'Try again in five minutes.',
    hintZh: '请五分钟后再试。',
  },
  'call.unknown': {
    zh: '没有这个来电',
    en: 'No such call',
    hint: 'GET /api/calls lists the calls you may see.',
    hintZh: 'GET /api/calls 列出您能查看的来电。',
  },
  'call.notYours': {
    zh: '您无权查看该来电',
    en: 'This call is not yours to see',
    hintZh: '话务员只能查看自己接听的来电；请联系班长。',
    hint: 'Agents see the calls they answered; ask a supervisor.',
  },
  'call.noRecording': {
    zh: '该来电没有录音',
    en: 'The call has no recording',
    hint: 'A call that was never answered has none; a new one may take a second.',
    hintZh: '未接通的来电没有录音；刚结束的来电请稍候片刻。',
  },
  'seat.unknown': {
    zh: '没有这个坐席',
    en: 'No such seat',
    hint: 'GET /api/seats lists the seats.',
    hintZh: 'GET /api/seats 列出了所有坐席。',
  },
  'seat.occupied': {
    zh: '该坐席已有人',
    en: 'Another agent sits at this seat',
    hint: 'Choose a free seat, or ask the other agent to leave it.',
    hintZh: '请另选空闲坐席，或请对方离席。',
  },
  'seat.none': {
    zh: '您还没有坐席',
    en: 'You have no seat',
    hint: 'Take one first: PUT /api/seat {"seat":"1001"}.',
    hintZh: '请先入席：PUT /api/seat {"seat":"1001"}。',
  },
  'seat.moveNotAllowed': {
    zh: '坐席当前状态不允许此操作',
    en: 'The seat is in a state that does not allow this',
    hint: 'Do it in one of the states named in "allowed".',
    hintZh: '请在 allowed 所列的状态下操作。',
  },
  'request.rangeUnsatisfiable': {
    zh: '请求的范围超出文件',
    en: 'The range lies outside the file',
    hintZh: '请使用 allowed 所示的范围。',
    hint: 'Ask for a range within "allowed".',
  },
  'request.foreignOrigin': {
    zh: '不接受其他网站页面的连接',
    en: 'Pages of other sites may not connect here',
    hint: 'Open the page at the address of this server itself.',
    hintZh: '请直接打开本服务器的页面。',
  },
  'account.notSignedIn': {
    zh: '尚未登录',
    en: 'Not signed in',
    hint: 'POST /api/sign-in first; send its cookie, or its token as "Authorization: Bearer …".',
    hintZh: '请先 POST /api/sign-in，再带上它的 cookie 或令牌。',
  },
  'request.tooLarge': {
    zh: '请求内容太大',
    en: 'The request is too large',
    hint: 'Send less; "allowed" names the limit in bytes.',
    hintZh: '请减少内容；allowed 为字节上限。',
  },
  'request.mediaType': {
    zh: '请求的格式不受支持',
    en: 'This media type is not understood',
    hint: 'Send JSON with "Content-Type: application/json".',
    hintZh: '请以 JSON 发送，并注明 Content-Type: application/json。',
  },
  'request.tooMany': {
    zh: '请求过于频繁',
    en: 'Too many requests',
    hint: 'Wait for the seconds named in the header "Retry-After".',
    hintZh: '请等候 Retry-After 所示的秒数后再试。',
  },
  'request.keyReused': {
    zh: '同一个幂等键被用于不同的请求',
    en: 'This Idempotency-Key was used for another request',
    hint: 'Use a new key for a new request; repeat a request unchanged.',
    hintZh: '新的请求请用新的键；重试时请求内容不可改变。',
  },
  'request.upgradeNeeded': {
    zh: '此地址只接受 WebSocket 连接',
    en: 'This address takes WebSocket connections only',
    hint: 'Connect with ws:// or wss://; GET /api/asyncapi.json describes the messages.',
    hintZh: '请用 ws:// 或 wss:// 连接；GET /api/asyncapi.json 说明了消息格式。',
  },
  'ticket.unknown': {
    zh: '没有这张工单',
    en: 'No such ticket',
    hint: 'GET /api/tickets lists the tickets you may see.',
    hintZh: 'GET /api/tickets 列出您能查看的工单。',
  },
  'ticket.notYours': {
    zh: '您无权查看或修改该工单',
    en: 'This ticket is not yours to see or change',
    hint: 'Agents have their own tickets, units those sent to them; ask a supervisor.',
    hintZh: '话务员只能处理自己的工单，承办单位只能查看派给本单位的工单；请联系班长。',
  },
  'ticket.changedMeanwhile': {
    zh: '工单已被他人修改',
    en: 'Somebody changed the ticket meanwhile',
    hint: 'Take over the newer one in "current" and send your change with its version.',
    hintZh: '请以 current 中较新的内容为准，带上其版本号重新提交。',
  },
  'ticket.moveNotAllowed': {
    zh: '工单当前状态不允许此操作',
    en: 'The ticket is in a state that does not allow this',
    hint: 'Move it to one of the states named in "allowed".',
    hintZh: '请改为 allowed 所列的状态。',
  },
  'ticket.closed': {
    zh: '工单已办结，内容不能再改',
    en: 'The ticket is closed and cannot be changed',
    hint: 'Reopen it first: PATCH with "state":"open".',
    hintZh: '请先重新打开：PATCH 时带上 "state":"open"。',
  },
  'ticket.numbersUsedUp': {
    zh: '当天的工单号已用完',
    en: 'All ticket numbers of this day are used',
    hint: 'A day has 99,999 numbers; the next begin at midnight in Shanghai.',
    hintZh: '每天有 99999 个工单号，零点起用新号。',
  },
  'ticket.incomplete': {
    zh: '工单内容不完整',
    en: 'The ticket is not complete',
    hint: 'Fill in the field named in "field" first.',
    hintZh: '请先填写 field 所指的内容。',
  },
  'unit.unknown': {
    zh: '没有这个承办单位',
    en: 'No such unit',
    hint: 'GET /api/units lists the units.',
    hintZh: 'GET /api/units 列出了所有承办单位。',
  },
  'server.databaseAway': {
    zh: '数据库暂时不可用',
    en: 'The database does not answer at the moment',
    hint: 'Try again in a few seconds; calls go on and nothing written is lost.',
    hintZh: '请几秒后重试；通话不受影响，已写内容不会丢失。',
  },
  'server.away': {
    zh: '服务器正在重启，请稍候',
    en: 'The server is starting again',
    hint: 'Try again in a few seconds; calls under way go on meanwhile.',
    hintZh: '请几秒后重试；进行中的通话不受影响。',
  },
  'server.failed': {
    zh: '服务器内部错误',
    en: 'The server failed',
    hint: 'Try again; when it stays, give the administrator the request id of the answer.',
    hintZh: '请重试；如仍出现，请把回答中的 requestId 告诉管理员。',
  },
} as const satisfies Record<string, ErrorText>;

export interface ErrorText {
  zh: string;
  en: string;
  /** What to do next. */
  hint: string;
  hintZh: string;
}

export type ErrorCode = keyof typeof errorRegistry;

/** An error with a code of the registry. `field` and `allowed` may never carry personal data; `current` may,
 * it goes to who asked only. */
export class HotlineError extends Error {
  override readonly name = 'HotlineError';
  constructor(
    readonly code: ErrorCode,
    readonly details: {
      field?: string;
      allowed?: readonly string[] | string;
      hint?: string;
      current?: unknown;
      cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${errorRegistry[code].en}`, { cause: details.cause });
  }
}
