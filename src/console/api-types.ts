import type { Pop } from '../call/pop.js';
import type { SeatState, SeatStateReason } from '../seat/seat.js';

/** What the page reads of the API's answers; the API's own description is /api/openapi.json. Times are ISO 8601. */
export interface Account {
  id: string;
  name: string;
  roles: string[];
}

export interface SipAccount {
  uri: string;
  user: string;
  password: string;
  /** Path of the SIP WebSocket on the page's origin. */
  wsPath: string;
  /** The account of the browser's phone. */
  webUser: string;
  webPassword: string;
}

export interface SeatView {
  seat: string;
  agentId: string;
  agentName: string;
  state: SeatState;
  since: string;
  reason: SeatStateReason;
  callId: string | null;
  queues: string[];
  wakeAt: string | null;
  phoneReachable: boolean;
  /** Only in answers to the agent at this seat. */
  sip?: SipAccount;
}

export interface SeatChoice {
  seat: string;
  takenBy: string | null;
}

export interface CallView {
  id: string;
  callerNumber: string | null;
  queue: string | null;
  state: string;
  arrivedAt: string;
  answeredAt: string | null;
  waitMs: number | null;
  talkMs: number | null;
  seat: string | null;
  agentId: string | null;
  endedBy: string | null;
  endCause: string | null;
}

export interface CallRecord extends CallView {
  recording: { url: string } | null;
  timeline: { at: string; type: string; data: Record<string, unknown> }[];
}

export interface QueueView {
  queue: string;
  waiting: number;
  longestWaitingSince: string | null;
  freeSeats: number;
}

/** How people call a queue. */
export interface QueueName {
  name: string;
  labels: { zh: string; en: string };
}

export interface LiveMessage {
  v: number;
  seq: number;
  at: string;
  type: string;
  data: Record<string, unknown>;
}

/** `data` of `call.offered`. */
export interface Offered {
  callId: string;
  offer: number;
  seat: string;
  agentId?: string;
  waitMs: number;
  pop: Pop | null;
}
