import { createHash } from 'node:crypto';
import { and, eq, lt } from 'drizzle-orm';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { HotlineError } from '../errors.js';
import type { Db, Tx } from '../postgres/client.js';
import { idempotencyTable } from './idempotency-table.js';

/** For the `headers` of a route that uses `runOnce`. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 8,
      maxLength: 200,
      pattern: '^[\\x21-\\x7e]+$',
      description:
        'Repeats of a request with the same key get the first answer; nothing is done twice. Kept for a day.',
    }),
  ),
});

export interface Answer<Status extends number, Body> {
  status: Status;
  body: Body;
  /** True when this is the kept answer to an earlier request. */
  repeated: boolean;
}

const keptMs = 24 * 3_600_000;

/**
 * Does the work in one transaction together with the note that it was done, so that a repeat (also one at the same time, also
 * after a crash) gets the first answer. Without a key the work is simply done.
 * @throws HotlineError `request.keyReused` when the key came with another request before
 */
export async function runOnce<Status extends number, Body>(
  db: Db,
  request: FastifyRequest,
  now: number,
  work: (tx: Tx) => Promise<{ status: Status; body: Body }>,
): Promise<Answer<Status, Body>> {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return { ...(await db.transaction(work)), repeated: false };
  const accountId = request.caller?.accountId ?? '';
  const requestHash = hashOf(request);
  return db.transaction(async (tx) => {
    await tx.delete(idempotencyTable).where(lt(idempotencyTable.createdAt, new Date(now - keptMs)));
    const row = { accountId, key, requestHash, createdAt: new Date(now) };
    // Waits here while a request with the same key is under way.
    const inserted = await tx.insert(idempotencyTable).values(row).onConflictDoNothing().returning();
    const mine = and(eq(idempotencyTable.accountId, accountId), eq(idempotencyTable.key, key));
    if (inserted.length === 0) {
      const [kept] = await tx.select().from(idempotencyTable).where(mine);
      if (!kept || kept.requestHash !== requestHash)
        throw new HotlineError('request.keyReused', { field: 'headers.idempotency-key' });
      return { status: kept.status as Status, body: kept.answer as Body, repeated: true };
    }
    const answer = await work(tx);
    await tx.update(idempotencyTable).set({ status: answer.status, answer: answer.body }).where(mine);
    return { ...answer, repeated: false };
  });
}

function hashOf({ method, routeOptions, params, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, routeOptions.url, params, body]))
    .digest('hex');
}
