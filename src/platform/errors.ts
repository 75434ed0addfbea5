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
