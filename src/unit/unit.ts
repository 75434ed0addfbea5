/** Who handles tickets, in a tree (W16). */
export const unitKinds = ['government', 'department', 'town', 'community', 'utility'] as const;
export type UnitKind = (typeof unitKinds)[number];

export interface Unit {
  readonly id: string;
  /** As the city writes it. */
  readonly name: string;
  readonly kind: UnitKind;
  /** Null at the top. */
  readonly parentId: string | null;
}

/** The ids of a unit and of everything below it; empty when there is no such unit. Parents that form a ring are walked once. */
export function subtreeOf(units: readonly Unit[], id: string): string[] {
  if (!units.some((unit) => unit.id === id)) return [];
  const found = new Set([id]);
  for (const below of found) for (const unit of units) if (unit.parentId === below) found.add(unit.id);
  return [...found];
}
