/** What the agent sees at the offer (V11), as far as its sources exist. Personal data: for the offered agent only. */
export interface Pop {
  /** E.164, null when withheld. */
  callerNumber: string | null;
  /** As people write it. */
  callerDisplay: string;
  region: { province: string; city: string } | null;
  dialled: string;
  queue: string;
  /** Since the caller joined the queue. */
  waitMs: number;
  /** Nodes and keys, oldest first. */
  menuPath: { node: string; digit: string | null }[];
  /** What the sources know of this number. */
  history: PopHistory;
}

/** Earlier contacts of one number, newest first, at most ten each. Empty lists when the database is away. */
export interface PopHistory {
  /** False when the history could not be read in time. */
  complete: boolean;
  calls: { callId: string; at: string; queue: string | null; answered: boolean }[];
  tickets: { ticketId: string; number: string; type: string; state: string; title: string; at: string }[];
}

export const noHistory: PopHistory = { complete: false, calls: [], tickets: [] };
