import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { MenuLoader } from './menu-loader.js';

/** GET /api/menu: which menu callers hear, and what is wrong with the file as it is now. */
export function menuRoutes({ menus }: { menus: Pick<MenuLoader, 'status'> }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/menu',
      {
        schema: {
          summary: 'The menu that callers hear, and the findings of its file',
          tags: ['menu'],
          response: {
            200: Type.Object({
              file: Type.String(),
              version: Type.String(),
              state: Type.Enum(['live', 'refused']),
              checkedAt: Type.String({ format: 'date-time' }),
              findings: Type.Array(
                Type.Object({
                  severity: Type.String(),
                  file: Type.String(),
                  line: Type.Integer(),
                  column: Type.Integer(),
                  cause: Type.String(),
                  hint: Type.String(),
                }),
              ),
            }),
          },
        },
      },
      async () => {
        const { checkedAt, ...status } = menus.status();
        return { ...status, checkedAt: new Date(checkedAt).toISOString() };
      },
    );
  };
}
