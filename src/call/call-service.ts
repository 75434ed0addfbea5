import { hasRole, type Role, type Viewer } from '../account/account.js';
import { showNumber } from '../account/masking.js';
import { HotlineError } from '../platform/errors.js';
import { readCursor, writeCursor } from '../platform/http/cursor.js';
import type { Db } from '../platform/postgres/client.js';
import { type CallRow, findCall, listCalls, timelineOf } from './call-store.js';
import { type CallView, callView, type TimelineView, timelineView } from './call-view.js';

/** Roles that may read every call; agents read the calls they answered. */
const readsAll: readonly Role[] = ['supervisor', 'qualityInspector', 'leader', 'auditor'];

export interface CallQuery {
  readonly state?: string | undefined;
  readonly queue?: string | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** Calls for people: each sees what their roles allow, numbers masked. All errors are `HotlineError`s. */
export class CallService {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Newest first. */
  async list(
    viewer: Viewer,
    { state, queue, limit, cursor }: CallQuery,
  ): Promise<{ items: CallView[]; next: string | null }> {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const rows = await listCalls(this.#db, {
      ...(state !== undefined && { state }),
      ...(queue !== undefined && { queue }),
      ...(!hasRole(viewer, ...readsAll) && { agentId: viewer.accountId }),
      ...(after && { after: { arrivedAt: after.at, id: after.id } }),
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last ? writeCursor({ at: last.arrivedAt, id: last.id }) : null;
    return { items: page.map((row) => viewOf(viewer, row)), next };
  }

  /** @throws HotlineError `call.unknown`, `call.notYours` */
  async read(viewer: Viewer, callId: string): Promise<{ call: CallRow; view: CallView & { timeline: TimelineView } }> {
    const call = await this.readable(viewer, callId);
    const timeline = timelineView(await timelineOf(this.#db, call.id));
    return { call, view: { ...viewOf(viewer, call), timeline } };
  }

  /**
   * The call itself, for rooms that add to it, if this person may read it.
   * @throws HotlineError `call.unknown`, `call.notYours`
   */
  async readable(viewer: Viewer, callId: string): Promise<CallRow> {
    const call = await findCall(this.#db, callId);
    if (!call) throw new HotlineError('call.unknown', { field: 'id' });
    if (!hasRole(viewer, ...readsAll) && call.agentId !== viewer.accountId) throw new HotlineError('call.notYours');
    return call;
  }
}

function viewOf(viewer: Viewer, call: CallRow): CallView {
  return callView(call, (e164) => showNumber(viewer, e164, call.agentId === viewer.accountId));
}
