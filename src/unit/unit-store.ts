import { asc } from 'drizzle-orm';
import type { Db } from '../platform/postgres/client.js';
import type { Unit } from './unit.js';
import { unitTable } from './unit-table.js';

/** All units, by id. A city has a few hundred. */
export async function listUnits(db: Db): Promise<Unit[]> {
  return db.select().from(unitTable).orderBy(asc(unitTable.id));
}

/** Adds units that are not there yet; a parent comes before its children. */
export async function addUnits(db: Db, units: readonly Unit[]): Promise<void> {
  if (units.length > 0)
    await db
      .insert(unitTable)
      .values([...units])
      .onConflictDoNothing();
}
