import { pgErrorOf } from './pg-error.js';

/**
 * An error as it may stand in a log: a database error's message, detail and parameters carry the row's values, so only its
 * code, constraint and stack lines are kept. Use as pino's `err` serializer.
 */
export function logError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const database = pgErrorOf(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const code = (error as Error & { code?: unknown }).code;
  return {
    type: error.name,
    ...(database ? { database } : { message: error.message }),
    ...(typeof code === 'string' ? { code } : {}),
    stack: frames.slice(0, 12).join('\n'),
    ...(error.cause instanceof Error && !database ? { cause: logError(error.cause) } : {}),
  };
}
