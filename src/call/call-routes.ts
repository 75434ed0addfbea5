import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { hasRole, type Viewer } from '../account/account.js';
import { showNumber } from '../account/masking.js';
import { viewerFrom } from '../account/viewer.js';
import { HotlineError } from '../platform/errors.js';
import { readCursor, writeCursor } from '../platform/http/cursor.js';
import type { Db } from '../platform/postgres/client.js';
import { type CallRow, findCall, listCalls, timelineOf } from './call-store.js';
import { CallRecordSchema, CallViewSchema, callView, timelineView } from './call-view.js';

const CallId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

export interface CallRouteParts {
  readonly db: Db;
  /** What other rooms add to a record. */
  readonly recordingOf: (call: CallRow) => Promise<{ url: string; durationMs: number; channels: string[] } | null>;
  readonly ticketsOf: (callId: string) => Promise<{ id: string; number: string }[]>;
}

/** GET /api/calls and /api/calls/:id: agents see the calls they answered, the others that may see calls see all. */
export function callRoutes({ db, recordingOf, ticketsOf }: CallRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/calls',
      {
        schema: {
          summary: 'Calls, newest first',
          tags: ['call'],
          querystring: Type.Object(
            {
              state: Type.Optional(Type.Enum(['menu', 'waiting', 'offered', 'talking', 'leaving', 'ended'])),
              queue: Type.Optional(Type.String({ maxLength: 40 })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
              cursor: Type.Optional(Type.String({ maxLength: 300 })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({ items: Type.Array(CallViewSchema), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      async (request) => {
        const viewer = viewerFrom(request);
        const { state, queue, limit = 50, cursor } = request.query;
        const after = cursor === undefined ? undefined : readCursor(cursor);
        const rows = await listCalls(db, {
          ...(state !== undefined && { state }),
          ...(queue !== undefined && { queue }),
          ...(seesOwnCallsOnly(viewer) && { agentId: viewer.accountId }),
          ...(after && { after: { arrivedAt: after.at, id: after.id } }),
          limit: limit + 1,
        });
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        const next = rows.length > limit && last ? writeCursor({ at: last.arrivedAt, id: last.id }) : null;
        return { items: page.map((row) => callView(row, numberFor(viewer, row))), next };
      },
    );

    app.get(
      '/api/calls/:id',
      {
        schema: {
          summary: 'A call’s record with its timeline, recording and tickets',
          tags: ['call'],
          params: CallId,
          response: { 200: CallRecordSchema },
        },
      },
      async (request) => {
        const viewer = viewerFrom(request);
        const call = await readableCall(db, viewer, request.params.id);
        const [timeline, recording, tickets] = await Promise.all([
          timelineOf(db, call.id),
          recordingOf(call),
          ticketsOf(call.id),
        ]);
        return { ...callView(call, numberFor(viewer, call)), timeline: timelineView(timeline), recording, tickets };
      },
    );
  };
}

/**
 * The call, if this person may read it.
 * @throws HotlineError `call.unknown`, `call.notYours`
 */
export async function readableCall(db: Db, viewer: Viewer, callId: string): Promise<CallRow> {
  const call = await findCall(db, callId);
  if (!call) throw new HotlineError('call.unknown', { field: 'id' });
  if (seesOwnCallsOnly(viewer) && call.agentId !== viewer.accountId) throw new HotlineError('call.notYours');
  return call;
}

function seesOwnCallsOnly(viewer: Viewer): boolean {
  return !hasRole(viewer, 'supervisor', 'qualityInspector', 'leader', 'auditor');
}

function numberFor(viewer: Viewer, call: CallRow): (e164: string) => string {
  return (e164) => showNumber(viewer, e164, call.agentId === viewer.accountId);
}
