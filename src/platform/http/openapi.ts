import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, RouteOptions } from 'fastify';
import Type from 'typebox';
import { type AccessParts, accessTo, signInCookie } from './access.js';
import { ErrorSchema } from './error-answer.js';

/** OpenAPI 3.1 of every route, made from the schemas that the routes are held to; pages below /api/docs need no other server. */
export async function describeApi(app: FastifyInstance, rights: AccessParts['rights'], version: string): Promise<void> {
  app.addSchema(ErrorSchema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'hotline12345',
        version,
        description: '12345 热线平台接口 · The API of a 12345 hotline. Live messages: /api/asyncapi.json.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The token of POST /api/sign-in' },
          cookie: { type: 'apiKey', in: 'cookie', name: signInCookie, description: 'Set by POST /api/sign-in' },
        },
      },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema${i}`) },
  });
  app.addHook('onRoute', (route) => {
    if (route.schema?.hide) return;
    if (!route.schema?.summary || !route.schema.response)
      throw new Error(`route ${route.method} ${route.url} has no schema with a summary and a response`);
    route.schema = completed(route, rights);
  });
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true, uiConfig: { deepLinking: true } });
  app.get(
    '/api/openapi.json',
    { schema: { summary: 'This description', tags: ['system'], response: { 200: Type.Any() } } },
    async () => app.swagger(),
  );
}

const ErrorRef = Type.Ref('Error');
const errorAnswers = {
  '4xx': { description: 'Refused; nothing was changed', content: { 'application/json': { schema: ErrorRef } } },
  '5xx': { description: 'Not possible now', content: { 'application/json': { schema: ErrorRef } } },
};

function completed({ method, url, schema = {} }: RouteOptions, rights: AccessParts['rights']) {
  const verb = String(Array.isArray(method) ? method[0] : method);
  const access = accessTo(rights, verb, url);
  const roles = typeof access === 'string' || access === undefined ? [] : access;
  return {
    ...schema,
    operationId: operationId(verb, url),
    security: access === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
    ...(roles.length > 0
      ? { description: [schema.description, `Roles: ${roles.join(', ')}.`].filter(Boolean).join('\n\n') }
      : {}),
    response: { ...errorAnswers, ...(schema.response as object) },
  };
}

/** `GET /api/tickets/:id` → `getTicketsById`. */
function operationId(method: string, url: string): string {
  const words = url
    .replace(/^\/api\//, '')
    .split(/[/.\-*]+/)
    .filter((word) => word !== '')
    .map((word) => (word.startsWith(':') ? `by-${word.slice(1)}` : word).split('-').map(capital).join(''));
  return method.toLowerCase() + words.join('');
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
