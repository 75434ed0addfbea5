import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { QueueSettings } from './queue.js';

export interface QueueRouteParts {
  readonly queues: () => Iterable<QueueSettings>;
  readonly stateOf: (queue: string) => { waiting: number; longestWaitingSince: number | null; freeSeats: number };
}

/** GET /api/queues: the queues with who waits and who is free now. */
export function queueRoutes({ queues, stateOf }: QueueRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/queues',
      {
        schema: {
          summary: 'Queues with who waits and who is free now',
          tags: ['queue'],
          response: {
            200: Type.Object({
              items: Type.Array(
                Type.Object({
                  name: Type.String(),
                  labels: Type.Object({ zh: Type.String(), en: Type.String() }),
                  waiting: Type.Integer(),
                  longestWaitingSince: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
                  freeSeats: Type.Integer(),
                }),
              ),
            }),
          },
        },
      },
      async () => ({
        items: [...queues()].map(({ name, labels }) => {
          const { waiting, longestWaitingSince, freeSeats } = stateOf(name);
          const since = longestWaitingSince === null ? null : new Date(longestWaitingSince).toISOString();
          return { name, labels: { ...labels }, waiting, longestWaitingSince: since, freeSeats };
        }),
      }),
    );
  };
}
