import Type from 'typebox';
import type { Viewer } from '../account/account.js';
import { type LiveType, liveType } from '../platform/live/live-message.js';
import type { Unit } from '../unit/unit.js';
import { reaches, reachOf } from './ticket-access.js';
import type { TicketNotice } from './ticket-events.js';

/** `ticket.changed`, to everybody who may see the ticket; `units` are all units. */
export function ticketLiveType(units: () => readonly Unit[]): LiveType {
  return liveType<TicketNotice>({
    type: 'ticket.changed',
    summary: 'A ticket was opened or changed; read it with GET /api/tickets/:id',
    schema: Type.Object({
      ticketId: Type.String(),
      number: Type.String(),
      version: Type.Integer(),
      state: Type.String(),
      unitId: Type.Union([Type.String(), Type.Null()]),
      by: Type.String(),
    }),
    audience: (notice, viewer) => {
      // What came in through AccountService.viewerOf is a Viewer.
      if (!reaches(reachOf(viewer as Viewer, units()), notice)) return null;
      const { ticketId, number, version, state, unitId, by } = notice;
      return { ticketId, number, version, state, unitId, by };
    },
  });
}
