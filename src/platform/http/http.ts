import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type RawServerDefault } from 'fastify';
import type { Logger } from 'pino';
import { HotlineError } from '../errors.js';
import { type AccessParts, guardRoutes } from './access.js';
import { errorAnswer, type Language, languageOf } from './error-answer.js';
import { describeApi } from './openapi.js';
import { compileSchema, validationError } from './validation.js';

export interface HttpParts extends AccessParts {
  readonly log: Logger;
  /** For callers that ask for none. */
  readonly language: Language;
  /** Of this program, for the API's description. */
  readonly version: string;
}

/** Routes are registered on this; their handlers' types follow from their TypeBox schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const bodyLimit = 256 * 1024;

/**
 * An HTTP server without rooms: rights, schemas, errors, cookies, headers and the API's description. Every route that is
 * registered on it must be in the table of rights and have a schema with a summary and an answer.
 */
export async function buildHttp(parts: HttpParts): Promise<HttpApp> {
  const app = Fastify({
    loggerInstance: parts.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    // The edge on this machine says who asks and how.
    trustProxy: 'loopback',
    bodyLimit,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileSchema);
  app.setSchemaErrorFormatter((errors, part) => validationError(errors, part));
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = errorAnswer(
      error,
      languageOf(request.headers['accept-language'], parts.language),
      request.id,
    );
    if (status >= 500) request.log.error({ err: error, code: body.code }, 'request failed');
    if (status === 503) reply.header('retry-after', 2);
    if (body.code === 'request.tooLarge') body.allowed = `at most ${bodyLimit} bytes`;
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler(() => {
    throw new HotlineError('request.notFound');
  });
  logAnswers(app);
  await app.register(cookie);
  await app.register(helmet, {
    // Browsers would turn the plain http of a loopback installation into https.
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null, 'frame-ancestors': ["'none'"] } },
    strictTransportSecurity: false,
  });
  await app.register(rateLimit, { global: false, errorResponseBuilder: () => new HotlineError('request.tooMany') });
  await app.register(websocket, { options: { maxPayload: 4096 } });
  guardRoutes(app, parts);
  await describeApi(app, parts.rights, parts.version);
  return app;
}

/** One line an answer: the route's pattern, never the address itself, whose query and ids may be personal. */
function logAnswers(app: HttpApp): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.protocol === 'https') reply.header('strict-transport-security', 'max-age=31536000');
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { url } = request.routeOptions;
    const line = {
      method: request.method,
      route: url ?? null,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    request.log[url === '/api/health' ? 'trace' : 'debug'](line, 'answered');
  });
}
