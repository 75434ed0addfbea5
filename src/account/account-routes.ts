import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { signInCookie } from '../platform/http/access.js';
import type { Viewer } from './account.js';
import type { AccountService } from './account-service.js';
import { viewerFrom } from './viewer.js';

const AccountSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    roles: Type.Array(Type.String()),
    unitId: Type.Union([Type.String(), Type.Null()]),
  },
  { description: 'A person who signs in' },
);

export interface AccountRouteParts {
  readonly accounts: AccountService;
  /** Told after a sign-out, with the account: its live connections end, its seat is left. */
  readonly onSignOut: (accountId: string, token: string) => void;
}

/** POST /api/sign-in, POST /api/sign-out, GET /api/me. */
export function accountRoutes({ accounts, onSignOut }: AccountRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/sign-in',
      {
        // A whole shift may sign in from one address; single accounts are locked much sooner.
        config: { rateLimit: { max: 300, timeWindow: '1 minute' } },
        schema: {
          summary: 'Sign in with name and password',
          description: 'Sets a cookie for browsers and answers the token for programs (Authorization: Bearer …).',
          tags: ['account'],
          body: Type.Object(
            {
              name: Type.String({ minLength: 1, maxLength: 100 }),
              password: Type.String({ minLength: 1, maxLength: 200 }),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              token: Type.String(),
              expiresAt: Type.String({ format: 'date-time' }),
              account: AccountSchema,
            }),
          },
        },
      },
      async (request, reply) => {
        const { name, password } = request.body;
        const { token, expiresAt, viewer } = await accounts.signIn(name, password);
        const expires = new Date(expiresAt);
        const secure = request.protocol === 'https';
        reply.setCookie(signInCookie, token, { path: '/', httpOnly: true, sameSite: 'strict', secure, expires });
        return { token, expiresAt: expires.toISOString(), account: accountView(viewer) };
      },
    );

    app.post(
      '/api/sign-out',
      { schema: { summary: 'Sign out', tags: ['account'], response: { 204: Type.Null() } } },
      async (request, reply) => {
        const { caller, token } = request;
        if (caller && token) {
          await accounts.signOut(token);
          onSignOut(caller.accountId, token);
        }
        return reply.clearCookie(signInCookie, { path: '/' }).code(204).send(null);
      },
    );

    app.get(
      '/api/me',
      { schema: { summary: 'Who am I?', tags: ['account'], response: { 200: AccountSchema } } },
      async (request) => accountView(viewerFrom(request)),
    );
  };
}

function accountView({ accountId, name, roles, unitId }: Viewer) {
  return { id: accountId, name, roles: [...roles], unitId };
}
