import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { viewerFrom } from '../account/viewer.js';
import type { Config } from '../config.js';
import { phonePassword, phonesOf } from './phone.js';
import { seatStates } from './seat.js';
import type { SeatService, SeatView } from './seat-service.js';

const Time = Type.String({ format: 'date-time' });
const SeatNumber = Type.String({ pattern: '^[0-9]{1,10}$', description: 'Seat number such as 1001' });

const SeatViewSchema = Type.Object(
  {
    seat: Type.String(),
    agentId: Type.String(),
    agentName: Type.String(),
    state: Type.Enum([...seatStates]),
    since: Time,
    reason: Type.String({ description: 'Why the state is what it is: noAnswer, busy, rejected … for notResponding' }),
    callId: Type.Union([Type.String(), Type.Null()]),
    queues: Type.Array(Type.String()),
    wakeAt: Type.Union([Time, Type.Null()], { description: 'When wrap-up ends by itself' }),
    phoneReachable: Type.Boolean({ description: 'Calls are offered only while a phone of the seat is registered' }),
    sip: Type.Object(
      {
        uri: Type.String(),
        user: Type.String(),
        password: Type.String(),
        host: Type.String(),
        port: Type.Integer(),
        wsPath: Type.String({ description: 'SIP over WebSocket on this host, for the browser’s phone' }),
        webUser: Type.String(),
        webPassword: Type.String(),
      },
      { description: 'Accounts of the seat’s phones: a desk phone and the browser' },
    ),
  },
  { description: 'A seat and who sits there' },
);
const SeatAnswer = Type.Object({ seat: Type.Union([SeatViewSchema, Type.Null()]) });

export interface SeatRouteParts {
  readonly service: SeatService;
  readonly config: Pick<Config, 'BIND' | 'SIP_PORT'>;
  /** Key of the phones' passwords. */
  readonly phoneKey: string;
}

/** GET and PUT /api/seat (the own seat), GET /api/seats. */
export function seatRoutes({ service, config, phoneKey }: SeatRouteParts): FastifyPluginAsyncTypebox {
  const view = (seat: SeatView | null) => ({
    seat: seat && {
      ...seat,
      queues: [...seat.queues],
      since: new Date(seat.since).toISOString(),
      wakeAt: seat.wakeAt === null ? null : new Date(seat.wakeAt).toISOString(),
      sip: sipOf(seat.seat, config, phoneKey),
    },
  });

  return async (app) => {
    app.get(
      '/api/seat',
      { schema: { summary: 'My seat, null without one', tags: ['seat'], response: { 200: SeatAnswer } } },
      async (request) => view(service.seatOf(viewerFrom(request).accountId)),
    );

    app.put(
      '/api/seat',
      {
        schema: {
          summary: 'Take a seat (null leaves it), be ready or offline',
          tags: ['seat'],
          body: Type.Object(
            {
              seat: Type.Optional(Type.Union([SeatNumber, Type.Null()])),
              state: Type.Optional(Type.Enum(['ready', 'offline'])),
            },
            { additionalProperties: false, minProperties: 1 },
          ),
          response: { 200: SeatAnswer },
        },
      },
      async (request) => {
        const { accountId, name } = viewerFrom(request);
        const agent = { agentId: accountId, agentName: name };
        const { seat, state } = request.body;
        if (seat === null) service.leave(accountId);
        else if (seat !== undefined) await service.take(agent, seat);
        if (state !== undefined && seat !== null) service.move(agent, state);
        return view(service.seatOf(accountId));
      },
    );

    app.get(
      '/api/seats',
      {
        schema: {
          summary: 'All seats and who sits there',
          tags: ['seat'],
          response: {
            200: Type.Object({
              items: Type.Array(
                Type.Object({ seat: Type.String(), takenBy: Type.Union([Type.String(), Type.Null()]) }),
              ),
            }),
          },
        },
      },
      async () => ({ items: await service.all() }),
    );
  };
}

function sipOf(seat: string, { BIND: host, SIP_PORT: port }: SeatRouteParts['config'], phoneKey: string) {
  const [web, desk] = phonesOf(seat);
  return {
    uri: `sip:${desk.phone}@${host}:${port}`,
    user: desk.phone,
    password: phonePassword(phoneKey, desk.phone),
    host,
    port,
    wsPath: '/api/sip',
    webUser: web.phone,
    webPassword: phonePassword(phoneKey, web.phone),
  };
}
