import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { type Unit, unitKinds } from './unit.js';

const UnitSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    kind: Type.Enum(unitKinds),
    parentId: Type.Union([Type.String(), Type.Null()], { description: 'The unit above; null at the top' }),
  },
  { description: 'Who handles tickets' },
);

/** GET /api/units. */
export function unitRoutes({ list }: { list: () => Promise<Unit[]> }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/units',
      {
        schema: {
          summary: 'All units, for the choice of who handles a ticket',
          tags: ['units'],
          response: { 200: Type.Object({ items: Type.Array(UnitSchema), next: Type.Null() }) },
        },
      },
      async () => ({ items: await list(), next: null }),
    );
  };
}
