import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type Static } from 'typebox';

const HealthSchema = Type.Object(
  { status: Type.Literal('ok'), telephony: Type.Boolean({ description: 'Connected to Asterisk' }) },
  { additionalProperties: true, description: 'The process lives and answers' },
);

const ReadySchema = Type.Object(
  {
    ready: Type.Boolean({ description: 'Everything works' }),
    parts: Type.Record(
      Type.String(),
      Type.Object(
        { ready: Type.Boolean() },
        { additionalProperties: true, description: 'What the part says of itself' },
      ),
    ),
  },
  { description: 'Part by part; calls are taken also while PostgreSQL is away' },
);
export type Readiness = Static<typeof ReadySchema>;

export interface SystemParts {
  /** Whether Asterisk is connected. */
  readonly telephony: () => boolean;
  readonly readiness: () => Promise<Readiness['parts']>;
}

/** GET /api/health and /api/ready, for the supervisor and for load balancers. `health` must not wait for anything. */
export function systemRoutes({ telephony, readiness }: SystemParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/health',
      { schema: { summary: 'Does the process live?', tags: ['system'], response: { 200: HealthSchema } } },
      async () => ({ status: 'ok' as const, telephony: telephony() }),
    );
    app.get(
      '/api/ready',
      {
        schema: {
          summary: 'Does every part work?',
          tags: ['system'],
          response: { 200: ReadySchema, 503: ReadySchema },
        },
      },
      async (_request, reply) => {
        const parts = await readiness();
        const ready = Object.values(parts).every((part) => part.ready);
        return reply.code(ready ? 200 : 503).send({ ready, parts });
      },
    );
  };
}
