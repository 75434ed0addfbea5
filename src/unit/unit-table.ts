import { type AnyPgColumn, pgTable, text } from 'drizzle-orm/pg-core';
import type { UnitKind } from './unit.js';

export const unitTable = pgTable('unit', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  kind: text('kind').$type<UnitKind>().notNull(),
  parentId: text('parent_id').references((): AnyPgColumn => unitTable.id),
});
