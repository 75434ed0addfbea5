import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type TSchema } from 'typebox';
import { HotlineError } from '../errors.js';
import { asyncApi } from './asyncapi.js';
import type { LiveHub } from './live-hub.js';
import type { LiveType } from './live-message.js';

export interface LiveRoutesParts {
  readonly hub: LiveHub;
  readonly types: readonly LiveType[];
  /** Of what the hub's `snapshot` returns. */
  readonly snapshotSchema: TSchema;
  readonly version: string;
}

const QuerySchema = Type.Object({
  since: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The last `seq` seen; none: start with a `reset`',
    }),
  ),
});

/** GET /api/live (WebSocket) and /api/asyncapi.json. */
export function liveRoutes({ hub, types, snapshotSchema, version }: LiveRoutesParts): FastifyPluginAsyncTypebox {
  const description = asyncApi(types, snapshotSchema, version);
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/api/live',
      schema: {
        summary: 'Live messages (WebSocket); see /api/asyncapi.json',
        tags: ['live'],
        querystring: QuerySchema,
        response: { 101: Type.Null({ description: 'Switched to WebSocket' }) },
      },
      handler: () => {
        throw new HotlineError('request.upgradeNeeded');
      },
      wsHandler: (socket, request) => {
        const { since } = request.query as { since?: number };
        if (request.caller) hub.attach(socket, request.caller, request.token, since ?? null);
        else socket.close();
      },
    });
    app.get(
      '/api/asyncapi.json',
      { schema: { summary: 'The live messages, as AsyncAPI 3.0', tags: ['live'], response: { 200: Type.Any() } } },
      async () => description,
    );
  };
}
