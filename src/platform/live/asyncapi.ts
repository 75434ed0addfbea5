import Type, { type TSchema } from 'typebox';
import { closeCodes, LiveMessageSchema, type LiveType } from './live-message.js';

/** AsyncAPI 3.0 of the live messages, from the schemas that their senders are written against. */
export function asyncApi(types: readonly LiveType[], snapshot: TSchema, version: string): object {
  const reset: LiveType = {
    type: 'reset',
    summary:
      'Instead of messages that are no longer kept: everything as it is now. Also the first message without `since`.',
    schema: Type.Object({ snapshot }),
    audience: () => null,
  };
  const all = [...types, reset];
  const ref = (type: string) => ({ $ref: `#/components/messages/${type}` });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'hotline12345 live messages',
      version,
      description: `What consoles are told. Reconnect with the last \`seq\` as \`since\`: what was missed comes again, no more and no less than this viewer may see. The server closes with ${closeCodes.signedOut} when the sign-in ended, ${closeCodes.tooSlow} when the reader is too slow (resume with \`since\`), ${closeCodes.goingAway} when it restarts. Unknown types are to be ignored.`,
    },
    defaultContentType: 'application/json',
    channels: {
      live: {
        address: '/api/live',
        description: 'Sign in first (POST /api/sign-in): cookie, or Authorization: Bearer.',
        bindings: { ws: { query: Type.Object({ since: Type.Optional(Type.Integer({ minimum: 0 })) }) } },
        messages: Object.fromEntries(all.map(({ type }) => [type, ref(type)])),
      },
    },
    operations: { listen: { action: 'send', channel: { $ref: '#/channels/live' } } },
    components: {
      messages: Object.fromEntries(
        all.map(({ type, summary, schema }) => [
          type,
          {
            name: type,
            summary,
            payload: {
              ...LiveMessageSchema,
              properties: { ...LiveMessageSchema.properties, type: Type.Literal(type), data: schema },
            },
          },
        ]),
      ),
    },
  };
}
