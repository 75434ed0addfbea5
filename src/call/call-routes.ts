import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { viewerFrom } from '../account/viewer.js';
import type { CallService } from './call-service.js';
import { CallRecordSchema, CallViewSchema } from './call-view.js';

const CallId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

export interface CallRouteParts {
  readonly calls: CallService;
  /** What other rooms add to a record. */
  readonly recordingOf: (call: {
    id: string;
    recording: string;
  }) => Promise<{ url: string; durationMs: number; channels: string[] } | null>;
  readonly ticketsOf: (callId: string) => Promise<{ id: string; number: string }[]>;
}

/** GET /api/calls and /api/calls/:id. */
export function callRoutes({ calls, recordingOf, ticketsOf }: CallRouteParts): FastifyPluginAsyncTypebox {
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
      async (request) => calls.list(viewerFrom(request), { limit: 50, ...request.query }),
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
        const { call, view } = await calls.read(viewerFrom(request), request.params.id);
        const [recording, tickets] = await Promise.all([recordingOf(call), ticketsOf(call.id)]);
        return { ...view, recording, tickets };
      },
    );
  };
}
