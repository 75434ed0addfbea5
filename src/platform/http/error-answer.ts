import Type, { type Static } from 'typebox';
import { type ErrorCode, errorRegistry, HotlineError } from '../errors.js';
import { isConnectionError } from '../postgres/pg-error.js';
import { errorStatus } from './error-status.js';

export type Language = 'zh' | 'en';

export const ErrorSchema = Type.Object(
  {
    code: Type.String({ description: 'One of docs/errors.md; stable' }),
    message: Type.String({ description: 'For people, in the language of Accept-Language' }),
    field: Type.Optional(Type.String({ description: 'The field that is wrong: `body.text`, `query.limit`' })),
    allowed: Type.Optional(
      Type.Union([Type.Array(Type.String()), Type.String()], { description: 'What fits instead' }),
    ),
    hint: Type.Optional(Type.String({ description: 'What to do next' })),
    current: Type.Optional(Type.Unknown({ description: 'What the server has meanwhile, for conflicts' })),
    requestId: Type.String(),
  },
  {
    $id: 'Error',
    description: 'Every answer that is not 2xx',
    examples: [
      {
        code: 'request.invalid',
        message: '请求内容不符合要求',
        field: 'body.urgency',
        allowed: ['ordinary', 'urgent', 'veryUrgent', 'critical'],
        hint: '请修改 field 所指的内容；allowed 说明可填什么。',
        requestId: '0f8c6f0e',
      },
    ],
  },
);
export type ErrorAnswer = Static<typeof ErrorSchema>;

/** Status and body for an error; everything that is not in the registry is `server.failed` and says no more. */
export function errorAnswer(
  error: unknown,
  language: Language,
  requestId: string,
): { status: number; body: ErrorAnswer } {
  const known = toHotlineError(error);
  const { field, allowed, hint, current } = known.details;
  const text = errorRegistry[known.code];
  const body: ErrorAnswer = {
    code: known.code,
    message: text[language],
    ...(field === undefined ? {} : { field }),
    ...(allowed === undefined ? {} : { allowed: typeof allowed === 'string' ? allowed : [...allowed] }),
    hint: hint ?? (language === 'zh' ? text.hintZh : text.hint),
    ...(current === undefined ? {} : { current }),
    requestId,
  };
  return { status: errorStatus[known.code], body };
}

/** The first of the caller's languages that we speak. */
export function languageOf(acceptLanguage: string | undefined, fallback: Language): Language {
  for (const tag of (acceptLanguage ?? '').toLowerCase().split(',')) {
    const language = tag.trim().slice(0, 2);
    if (language === 'zh' || language === 'en') return language;
  }
  return fallback;
}

/** What Fastify and its plugins throw by themselves. */
const frameworkErrors: Readonly<Record<string, [ErrorCode, HotlineError['details']]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['request.invalid', { field: 'body', allowed: 'JSON' }],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['request.invalid', { field: 'body', allowed: 'JSON' }],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['request.invalid', { field: 'headers.content-length', allowed: 'body length' }],
  FST_ERR_CTP_BODY_TOO_LARGE: ['request.tooLarge', { field: 'body' }],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['request.mediaType', { field: 'headers.content-type', allowed: 'application/json' }],
};

function toHotlineError(error: unknown): HotlineError {
  if (error instanceof HotlineError) return error;
  const framework = frameworkErrors[(error as { code?: string } | null)?.code ?? ''];
  if (framework) return new HotlineError(framework[0], { ...framework[1], cause: error });
  if (error instanceof SyntaxError && (error as { statusCode?: number }).statusCode === 400)
    return new HotlineError('request.invalid', { field: 'body', allowed: 'JSON', cause: error });
  if (isConnectionError(error)) return new HotlineError('server.databaseAway', { cause: error });
  return new HotlineError('server.failed', { cause: error });
}
