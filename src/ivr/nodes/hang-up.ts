import Type from 'typebox';
import { type NodeStep, Notes, nodeKind, Prompts, playThen, promptUses } from './node-kind.js';

const bye: NodeStep = { type: 'leave', act: { type: 'hangUp' } };

/** Ends the call, after prompts if there are any. Keys do nothing any more. */
export const hangUp = nodeKind({
  schema: Type.Object(
    { kind: Type.Literal('hangUp'), notes: Notes, prompts: Type.Optional(Prompts) },
    { additionalProperties: false, description: '挂机 / End the call.' },
  ),
  ends: 'end',
  level: false,
  exits: () => [],
  prompts: (node) => promptUses(node.prompts),
  queues: () => [],
  enter: (node) => playThen(node.prompts, bye),
  take: (_node, _state, event) => (event.type === 'digit' ? { type: 'stay', waitMs: null } : bye),
});
