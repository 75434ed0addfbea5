/** What PostgreSQL or its driver said, found below the wrappers that libraries put around it. */
export interface PgError {
  /** SQLSTATE, the socket's code, or `CONNECTION_LOST` for what the driver says in words only. */
  readonly code: string;
  /** Name of the violated constraint. */
  readonly constraint: string | null;
}

/** Null when no database error is in the chain of causes. */
export function pgErrorOf(error: unknown): PgError | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof AggregateError && at.errors.length > 0) return pgErrorOf(at.errors[0]);
    const { code, constraint } = at as Error & { code?: unknown; constraint?: unknown };
    if (typeof code === 'string') return { code, constraint: typeof constraint === 'string' ? constraint : null };
    if (driverWords.has(at.message)) return { code: 'CONNECTION_LOST', constraint: null };
  }
  return null;
}

/** SQLSTATE 23505, with the constraint's name when given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const found = pgErrorOf(error);
  return found?.code === '23505' && (constraint === undefined || found.constraint === constraint);
}

/** `pg` gives these no code; the outage test notices when their wording changes. */
const driverWords = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Cannot use a pool after calling end on the pool',
]);

const connectionCodes = new Set([
  'CONNECTION_LOST',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EPIPE',
]);

/**
 * SQLSTATE classes and codes that say something of the server's present condition, not of the statement: connection (08),
 * wrong password (28, it is being changed), conflict (40), resources (53), stopped or cancelled (57), system (58), lock not
 * available, read-only standby, idle transaction ended, database does not exist (3D000: being restored).
 */
const passing = /^(08|28|40|53|57|58)...$|^(55P03|25006|25P03|3D000)$/;

/** True when the same statement may succeed later without any change. */
export function isConnectionError(error: unknown): boolean {
  const code = pgErrorOf(error)?.code;
  return code !== undefined && (connectionCodes.has(code) || passing.test(code));
}
