import { hasRole, type Role, type Viewer } from '../account/account.js';
import { subtreeOf, type Unit } from '../unit/unit.js';
import type { Ticket, TicketState } from './ticket.js';

/** Roles that see every ticket that is no draft. */
const seesAll: readonly Role[] = [
  'seniorAgent',
  'dispatcher',
  'supervisor',
  'qualityInspector',
  'leader',
  'oversightOfficer',
  'disciplineInspector',
  'auditor',
];
const seesDrafts: readonly Role[] = ['supervisor'];
const seesUnit: readonly Role[] = ['unitHandler', 'unitHead'];
/** Roles that may change every ticket that they see. An agent may change their own. */
const changesAll: readonly Role[] = ['seniorAgent', 'dispatcher', 'supervisor'];
export const mayReopen: readonly Role[] = changesAll;

/** What decides who may see a ticket; `ticket.changed` carries it too. */
export interface TicketOwners {
  readonly state: TicketState;
  readonly unitId: string | null;
  readonly agentId: string | null;
  readonly openedBy: string;
}

/** Which tickets somebody may see: the union of these. */
export interface TicketReach {
  /** Own ones, drafts too: opened by this account, or from a call that it answered. */
  readonly own: string | null;
  /** Of these units, no drafts. */
  readonly unitIds: readonly string[];
  /** All, no drafts. */
  readonly all: boolean;
  readonly drafts: boolean;
}

/** @param units all units: a unit's people see the tickets of the units below it too */
export function reachOf(viewer: Viewer, units: readonly Unit[]): TicketReach {
  const { unitId } = viewer;
  return {
    own: hasRole(viewer, 'agent', ...changesAll) ? viewer.accountId : null,
    unitIds: unitId !== null && hasRole(viewer, ...seesUnit) ? subtreeOf(units, unitId) : [],
    all: hasRole(viewer, ...seesAll),
    drafts: hasRole(viewer, ...seesDrafts),
  };
}

export function reaches(reach: TicketReach, ticket: TicketOwners): boolean {
  if (reach.own !== null && isOwn(ticket, reach.own)) return true;
  if (ticket.state === 'draft') return reach.drafts;
  return reach.all || (ticket.unitId !== null && reach.unitIds.includes(ticket.unitId));
}

/** For a ticket that the viewer may see. */
export function mayChange(viewer: Viewer, ticket: TicketOwners): boolean {
  return hasRole(viewer, ...changesAll) || (hasRole(viewer, 'agent') && isOwn(ticket, viewer.accountId));
}

export function isOwn(ticket: Pick<Ticket, 'openedBy' | 'agentId'>, accountId: string): boolean {
  return ticket.openedBy === accountId || ticket.agentId === accountId;
}
