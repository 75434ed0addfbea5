import { and, desc, eq, lte } from 'drizzle-orm';
import { Value } from 'typebox/value';
import type { Db } from '../platform/postgres/client.js';
import { defaultVoicePolicy, type VoicePolicy, VoicePolicySchema } from './policy.js';
import { policyTable } from './policy-table.js';

const voice = 'voice';

/** The voice policy in force at `now`; the default when none was ever set. */
export async function voicePolicyAt(db: Db, now: Date): Promise<VoicePolicy> {
  const [row] = await db
    .select()
    .from(policyTable)
    .where(and(eq(policyTable.name, voice), lte(policyTable.holdsFrom, now)))
    .orderBy(desc(policyTable.holdsFrom))
    .limit(1);
  return row && Value.Check(VoicePolicySchema, row.value) ? row.value : defaultVoicePolicy;
}
