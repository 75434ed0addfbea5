import type { Ticket } from './ticket.js';
import type { TicketOwners } from './ticket-access.js';

/** What consoles are told of a ticket's change; who may see the ticket may be told (`reaches`). */
export interface TicketNotice extends TicketOwners {
  readonly ticketId: string;
  readonly number: string;
  readonly version: number;
  /** The account that changed it, or `system`. */
  readonly by: string;
}

export function noticeOf({ id, number, version, state, unitId, agentId, openedBy }: Ticket, by: string): TicketNotice {
  return { ticketId: id, number, version, state, unitId, agentId, openedBy, by };
}
