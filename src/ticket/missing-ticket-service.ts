import { randomBytes } from 'node:crypto';
import { findCall } from '../call/call-store.js';
import { uuidv7 } from '../platform/ids.js';
import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { Tx } from '../platform/postgres/client.js';
import { openTicket, systemActor, type Ticket } from './ticket.js';
import { noticeOf, type TicketNotice } from './ticket-events.js';
import { insertTicket, lockOpeningForCalls, nextTicketNumber, ticketsOfCall } from './ticket-store.js';

export interface AnsweredCall {
  callId: string;
  /** Null when it is not known who answered (emergency queue). */
  agentId: string | null;
  callerNumber: string | null;
  endedAt: Date;
}

/**
 * Opens a draft for an answered call without a ticket (W1), once only, however often it is asked. Null when there is one.
 * The number's day is the day on which the call ended, also when the database was away then.
 */
export async function openMissingTicket(
  tx: Tx,
  { callId, agentId, callerNumber, endedAt }: AnsweredCall,
): Promise<Ticket | null> {
  await lockOpeningForCalls(tx);
  if ((await ticketsOfCall(tx, callId)).length > 0) return null;
  const id = uuidv7(endedAt.getTime(), randomBytes(10));
  const opening = { id, number: await nextTicketNumber(tx, endedAt), state: 'draft', agentId } as const;
  const { ticket, entry } = openTicket({ ...opening, fields: { callerNumber } }, systemActor, endedAt);
  await insertTicket(tx, ticket, entry, { callId, missingOfCall: callId });
  return ticket;
}

type CallEnded = JournalEntry<'call.ended', { callId: string }>;

/**
 * For the journal's applier: `projections` go behind the calls' own, `onApplied` tells of the new drafts once they are
 * committed. Killed between the two, nobody is told; consoles that load tickets see the draft all the same.
 */
export function missingTickets(changed: (notice: TicketNotice) => void) {
  const opened = new Map<number, TicketNotice>();
  return {
    projections: {
      'call.ended': async (tx: Tx, { id, at, data: { callId } }: CallEnded) => {
        // A batch that was rolled back comes again.
        opened.delete(id);
        const call = await findCall(tx, callId);
        if (!call?.answeredAt) return;
        const { agentId, callerNumber } = call;
        const ticket = await openMissingTicket(tx, { callId, agentId, callerNumber, endedAt: new Date(at) });
        if (ticket) opened.set(id, noticeOf(ticket, systemActor.id));
      },
    },
    onApplied(entries: readonly JournalEntry[]): void {
      for (const { id } of entries) {
        const notice = opened.get(id);
        opened.delete(id);
        if (notice) changed(notice);
      }
    },
  };
}
