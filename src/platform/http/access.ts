import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { HotlineError } from '../errors.js';

/** Who may use a route: everybody, everybody who is signed in, or the holders of some roles. */
export type Access = 'public' | 'signedIn' | readonly string[];

/** Who asks. The room that knows people puts in what it knows. */
export interface Caller {
  readonly accountId: string;
  readonly name: string;
  readonly roles: readonly string[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for a public route that nobody signed in for. */
    caller: Caller | null;
    /** What the caller proved it with. A secret. */
    token: string | null;
  }
}

export interface AccessParts {
  /** `METHOD /path` → who may; a path ending in `*` covers what is below it. */
  readonly rights: Readonly<Record<string, Access>>;
  /** Who holds this token; null: nobody (any more). */
  readonly callerOf: (token: string) => Promise<Caller | null>;
}

export const signInCookie = 'hotline_sign_in';

/**
 * Holds every route to the table of rights. A route without a row stops the start; so nothing is open because it was forgotten.
 */
export function guardRoutes(app: FastifyInstance, { rights, callerOf }: AccessParts): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('token', null);
  app.addHook('onRoute', (route) => {
    for (const method of methodsOf(route)) {
      if (accessTo(rights, method, route.url) === undefined)
        throw new Error(`route ${method} ${route.url} is not in the table of rights: add it there`);
    }
  });
  app.addHook('onRequest', async (request) => {
    refuseForeignOrigin(request);
    const token = tokenOf(request);
    request.token = token;
    request.caller = token === null ? null : await callerOf(token);
    const { url } = request.routeOptions;
    if (url === undefined) return;
    const access = accessTo(rights, request.method, url);
    if (access === 'public') return;
    if (!request.caller) throw new HotlineError('account.notSignedIn');
    if (access === 'signedIn') return;
    if (!access || !request.caller.roles.some((role) => access.includes(role)))
      throw new HotlineError('account.notAllowed', { allowed: access ?? [] });
  });
}

export function accessTo(rights: AccessParts['rights'], method: string, url: string): Access | undefined {
  const verb = method === 'HEAD' ? 'GET' : method;
  const exact = rights[`${verb} ${url}`];
  if (exact !== undefined) return exact;
  const covering = Object.keys(rights)
    .filter((row) => row.endsWith('/*') && `${verb} ${url}`.startsWith(row.slice(0, -1)))
    .sort((a, b) => b.length - a.length)[0];
  return covering === undefined ? undefined : rights[covering];
}

function methodsOf({ method }: RouteOptions): string[] {
  return Array.isArray(method) ? method : [method];
}

function tokenOf({ headers, cookies }: FastifyRequest): string | null {
  const bearer = /^Bearer ([\w.~+/=-]{1,512})$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? cookies[signInCookie] ?? null;
}

/**
 * The cookie is sent with SameSite=Strict; this is the second lock: what changes something, and every WebSocket, must come
 * from a page of this very host, or from no page at all.
 */
function refuseForeignOrigin({ method, headers, host }: FastifyRequest): void {
  const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  if (headers.origin === undefined || (reads && headers.upgrade === undefined)) return;
  if (!URL.canParse(headers.origin) || new URL(headers.origin).host !== host)
    throw new HotlineError('request.foreignOrigin');
}
