/** The roles of A1. What each may do is in `rights.ts`. */
export const roles = [
  'agent',
  'seniorAgent',
  'dispatcher',
  'qualityInspector',
  'supervisor',
  'oversightOfficer',
  'disciplineInspector',
  'unitHandler',
  'unitHead',
  'leader',
  'admin',
  'auditor',
] as const;
export type Role = (typeof roles)[number];

/** Who looks or acts. */
export interface Viewer {
  readonly accountId: string;
  /** The sign-in name, which people know each other by. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** The unit that a unit handler or head belongs to. */
  readonly unitId: string | null;
}

export function hasRole(viewer: Viewer, ...wanted: readonly Role[]): boolean {
  return viewer.roles.some((role) => wanted.includes(role));
}
