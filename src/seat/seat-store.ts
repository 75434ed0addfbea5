import { asc, eq } from 'drizzle-orm';
import type { Db, Tx } from '../platform/postgres/client.js';
import type { SeatChanged } from './seat-events.js';
import { agentSkillTable, seatChangeTable, seatTable } from './seat-table.js';

/** Seat numbers, in order. */
export async function listSeats(db: Db): Promise<string[]> {
  const rows = await db.select().from(seatTable).orderBy(asc(seatTable.seat));
  return rows.map(({ seat }) => seat);
}

/** Adds seats that are not there yet. */
export async function addSeats(db: Db, seats: readonly string[]): Promise<void> {
  if (seats.length > 0)
    await db
      .insert(seatTable)
      .values(seats.map((seat) => ({ seat })))
      .onConflictDoNothing();
}

/** Skill → level of one agent; empty for an agent without any. */
export async function skillsOf(db: Db, agentId: string): Promise<Record<string, number>> {
  const [row] = await db.select().from(agentSkillTable).where(eq(agentSkillTable.agentId, agentId));
  return row?.skills ?? {};
}

export async function setSkills(db: Db, agentId: string, skills: Record<string, number>): Promise<void> {
  const target = agentSkillTable.agentId;
  await db.insert(agentSkillTable).values({ agentId, skills }).onConflictDoUpdate({ target, set: { skills } });
}

/** Attendance: every change is kept. */
export const seatProjections = {
  'seat.changed': async (tx: Tx, { id, at, data }: SeatChanged) => {
    const { seat, agentId, from, to, reason, callId } = data;
    const change = { entryId: id, at: new Date(at), seat, agentId, fromState: from, toState: to, reason, callId };
    await tx.insert(seatChangeTable).values(change);
  },
};
