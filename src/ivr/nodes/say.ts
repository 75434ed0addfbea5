import Type from 'typebox';
import { NodeName, Notes, nodeKind, Prompts, playThen, promptUses } from './node-kind.js';

/** Plays prompts, then goes on. A key cuts them short and counts for the next node, unless `skippable: false`. */
export const say = nodeKind({
  schema: Type.Object(
    {
      kind: Type.Literal('say'),
      notes: Notes,
      prompts: Prompts,
      next: NodeName,
      skippable: Type.Optional(
        Type.Boolean({
          description: 'false: played to its end; keys pressed meanwhile count afterwards. Without: true.',
        }),
      ),
    },
    { additionalProperties: false, description: '播放提示音 / Play prompts, then go on.' },
  ),
  ends: 'no',
  level: false,
  exits: (node) => [{ to: node.next, field: ['next'], digit: null }],
  prompts: (node) => promptUses(node.prompts),
  queues: () => [],
  enter: (node) => playThen(node.prompts, { type: 'go', to: node.next }),
  take(node, state, event) {
    if (event.type !== 'digit') return { type: 'go', to: node.next, digits: state.digits };
    const digits = state.digits + event.digit;
    return node.skippable === false
      ? { type: 'stay', waitMs: null, digits: digits.slice(0, 20) }
      : { type: 'go', to: node.next, digits };
  },
});
