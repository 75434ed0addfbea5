import Type, { type Static } from 'typebox';
import { type NodeStep, Notes, nodeKind, Prompts, playThen, promptUses } from './node-kind.js';

const schema = Type.Object(
  {
    kind: Type.Literal('queue'),
    notes: Notes,
    prompts: Type.Optional(Prompts),
    queue: Type.String({ minLength: 1, maxLength: 40, description: 'Name of the queue.' }),
    priority: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, description: 'Higher is served first. Without: 0.' }),
    ),
  },
  { additionalProperties: false, description: '转人工排队 / Hand over to a person: wait in a queue.' },
);

/** Hands the caller over to a queue, after prompts if there are any; a key cuts those short. */
export const queue = nodeKind({
  schema,
  ends: 'person',
  level: false,
  exits: () => [],
  prompts: (node) => promptUses(node.prompts),
  queues: (node) => [{ name: node.queue, field: ['queue'] }],
  enter: (node) => playThen(node.prompts, join(node)),
  take: (node) => join(node),
});

function join(node: Static<typeof schema>): NodeStep {
  return { type: 'leave', act: { type: 'queue', queue: node.queue, priority: node.priority ?? 0 } };
}
