import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Viewer } from '../account/account.js';
import { IdempotencyHeaders, runOnce } from '../platform/http/idempotency.js';
import { uuidPattern } from '../platform/ids.js';
import type { Db } from '../platform/postgres/client.js';
import { limits, ticketStates } from './ticket.js';
import type { TicketService } from './ticket-service.js';
import { TicketRecordSchema, TicketTypeSchema, TicketViewSchema, UrgencySchema } from './ticket-view.js';

export interface TicketRoutesParts {
  readonly service: TicketService;
  readonly db: Db;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Who asks; the route's right was checked before. */
  readonly viewerOf: (request: FastifyRequest) => Viewer;
}

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const text = (maxLength: number, description?: string) =>
  Type.Optional(orNull(Type.String({ maxLength, ...(description === undefined ? {} : { description }) })));

const fields = {
  urgency: Type.Optional(UrgencySchema),
  title: text(limits.title),
  text: text(limits.text, 'What the citizen asks for'),
  categoryPath: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: limits.category }), {
      maxItems: limits.categories,
      description: 'From the root of the category tree',
    }),
  ),
  place: text(limits.place),
  callerName: text(limits.callerName),
  callerNumber: text(limits.callerNumber, 'In any form that people write; by default the call’s'),
  unitId: Type.Optional(orNull(Type.String({ minLength: 1, maxLength: 64, description: 'One of GET /api/units' }))),
};

const NewTicketSchema = Type.Object(
  {
    type: Type.Optional(TicketTypeSchema),
    ...fields,
    callId: Type.Optional(Type.String({ pattern: uuidPattern, description: 'The call that it comes from' })),
    state: Type.Optional(Type.Enum(['draft', 'open'], { default: 'open' })),
  },
  { additionalProperties: false },
);

const TicketChangeSchema = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'What the change was made on' }),
    type: Type.Optional(TicketTypeSchema),
    ...fields,
    state: Type.Optional(Type.Enum(ticketStates)),
  },
  { additionalProperties: false },
);

const QuerySchema = Type.Object(
  {
    state: Type.Optional(Type.Enum(ticketStates)),
    callId: Type.Optional(Type.String({ maxLength: 100 })),
    unitId: Type.Optional(Type.String({ maxLength: 64 })),
    number: Type.Optional(
      Type.String({ maxLength: 40, description: 'As people write it: spaces and dashes are fine' }),
    ),
    mine: Type.Optional(
      Type.Boolean({ description: 'Only tickets that I opened, or that came from calls I answered', default: false }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 50 }),
    cursor: Type.Optional(Type.String({ pattern: uuidPattern, description: '`next` of the page before' })),
  },
  { additionalProperties: false },
);

// Whatever is no id of ours is an unknown ticket, not a wrong request.
const Params = Type.Object({ id: Type.String({ maxLength: 200 }) });
const tags = ['tickets'];

/** The tickets' routes (W1). Who may use them is in `account/rights.ts`, who sees which ticket in `ticket-access.ts`. */
export function ticketRoutes({ service, db, clock, viewerOf }: TicketRoutesParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/tickets',
      {
        schema: {
          summary: 'Tickets that you may see, newest first',
          tags,
          querystring: QuerySchema,
          response: {
            200: Type.Object({ items: Type.Array(TicketViewSchema), next: orNull(Type.String()) }),
          },
        },
      },
      async (request) => {
        const { cursor: after, ...query } = request.query;
        return service.list(viewerOf(request), { ...query, after });
      },
    );
    app.post(
      '/api/tickets',
      {
        schema: {
          summary: 'Opens a ticket; with `callId` it is linked to the call. All but a draft needs a `type`',
          tags,
          headers: IdempotencyHeaders,
          body: NewTicketSchema,
          response: { 201: TicketViewSchema },
        },
      },
      async (request, reply) => {
        const ticket = await service.create(viewerOf(request), request.body, async (work) => {
          const once = async (tx: Parameters<typeof work>[0]) => ({ status: 201, body: await work(tx) });
          return (await runOnce(db, request, clock(), once)).body;
        });
        return reply.code(201).header('location', `/api/tickets/${ticket.ticketId}`).send(ticket);
      },
    );
    app.get(
      '/api/tickets/:id',
      {
        schema: {
          summary: 'A ticket with its calls and its history',
          tags,
          params: Params,
          response: { 200: TicketRecordSchema },
        },
      },
      async (request) => service.read(viewerOf(request), request.params.id),
    );
    app.patch(
      '/api/tickets/:id',
      {
        schema: {
          summary: 'Changes fields or the state; 409 with the newer ticket as `current` when somebody was faster',
          tags,
          params: Params,
          body: TicketChangeSchema,
          response: { 200: TicketViewSchema },
        },
      },
      async (request) => {
        const { version, ...change } = request.body;
        return service.change(viewerOf(request), request.params.id, version, change);
      },
    );
  };
}
