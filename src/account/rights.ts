import type { Role, Viewer } from './account.js';
import { roles } from './account.js';

/** Who may use a route: everybody, everybody who is signed in, or some roles. What they see there is decided by the rooms. */
export type Right = 'public' | 'signedIn' | readonly Role[];

const seats = ['agent', 'seniorAgent', 'supervisor'] as const;
const callReaders = [...seats, 'qualityInspector', 'leader', 'auditor'] as const;
const ticketReaders = roles.filter((role) => role !== 'admin');
const ticketWriters = ['agent', 'seniorAgent', 'dispatcher', 'supervisor'] as const;

/**
 * Every route and who may use it (A1): `METHOD /path` as Fastify knows it. A route that is not here stops the start of the
 * server, and `test/account/rights.test.ts` finds rows without a route.
 */
export const rights: Readonly<Record<string, Right>> = {
  'GET /': 'public',
  'GET /assets/*': 'public',
  'GET /api/health': 'public',
  'GET /api/ready': 'public',
  'GET /api/openapi.json': 'public',
  'GET /api/asyncapi.json': 'public',
  'GET /api/docs': 'public',
  'GET /api/docs/*': 'public',
  'POST /api/sign-in': 'public',
  'POST /api/sign-out': 'signedIn',
  'GET /api/me': 'signedIn',
  'GET /api/live': 'signedIn',
  'GET /api/seat': seats,
  'PUT /api/seat': seats,
  'GET /api/seats': seats,
  'GET /api/queues': 'signedIn',
  'GET /api/menu': ['admin', 'supervisor'],
  'GET /api/calls': callReaders,
  'GET /api/calls/:id': callReaders,
  'GET /api/calls/:id/recording': ['agent', 'seniorAgent', 'supervisor', 'qualityInspector'],
  'GET /api/tickets': ticketReaders,
  'POST /api/tickets': ticketWriters,
  'GET /api/tickets/:id': ticketReaders,
  'PATCH /api/tickets/:id': ticketWriters,
  'GET /api/units': 'signedIn',
};

/** Whether `viewer` (null: not signed in) may use a route with this right. */
export function mayUse(right: Right, viewer: Viewer | null): boolean {
  if (right === 'public') return true;
  if (!viewer) return false;
  return right === 'signedIn' || viewer.roles.some((role) => right.includes(role));
}
