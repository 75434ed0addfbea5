import { learnClock } from './format.js';
import { language, text, textOr } from './texts.js';

/** An answer other than 2xx, or none at all (`status` 0: the server could not be reached). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    private readonly body: { message?: string; hint?: string; allowed?: unknown },
  ) {
    super(code);
  }

  /** What went wrong, and what to do, in the page's language: the server answers in the one that it was asked in. */
  explain(): string {
    if (this.status === 0) return sentences([text('noServer'), text('noServerHint')]);
    const { message, hint, allowed } = this.body;
    const values = Array.isArray(allowed) ? allowed.map((value) => textOr(`state.${value}`, 'given', { value })) : [];
    return sentences([
      message ?? text('unknownError'),
      hint && !forPrograms.test(hint) ? hint : '',
      values.length > 0 ? text('allowed', { values: values.join(', ') }) : '',
    ]);
  }
}

/** Hints that speak of requests and their fields help nobody at the desk. */
const forPrograms = /\/api\/|\b(allowed|field|PATCH|POST|current|requestId|Retry-After)\b/;

const sentences = (parts: string[]) =>
  parts
    .filter((part) => part !== '')
    .map((part) => part.replace(/[.。]$/, ''))
    .join(language() === 'zh' ? '。' : '. ');

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  /** Let the request outlive the page. */
  keepalive?: boolean;
}

let signedOut: () => void = () => undefined;

/** Says what to do when a request shows that nobody is signed in any more. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/**
 * One request; returns the answer's JSON, which is believed to be a `T`.
 * @throws ApiError
 */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await reach(method, path, options);
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) learnClock(date);
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  if (response.status === 401 && path !== '/api/sign-in') signedOut();
  const body = isErrorBody(answer) ? answer : {};
  // A proxy in front answers 502 to 504 without our errors while the server is away.
  if (body.code === undefined && response.status >= 502) throw new ApiError(0, 'network', {});
  throw new ApiError(response.status, body.code ?? 'unknown', body);
}

async function reach(method: string, path: string, { body, headers, keepalive }: Options): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        'accept-language': language(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(keepalive ? { keepalive } : {}),
    });
  } catch {
    throw new ApiError(0, 'network', {});
  }
}

const isErrorBody = (value: unknown): value is { code?: string; message?: string; hint?: string; allowed?: unknown } =>
  typeof value === 'object' && value !== null;
