import Type, { type Static } from 'typebox';
import { NodeName, type NodeStep, Notes, nodeKind } from './node-kind.js';

const schema = Type.Object(
  { kind: Type.Literal('goTo'), notes: Notes, next: NodeName },
  { additionalProperties: false, description: '跳转 / Go on at another node.' },
);

/** Another name for a place in the menu. */
export const goTo = nodeKind({
  schema,
  ends: 'no',
  level: false,
  exits: (node) => [{ to: node.next, field: ['next'], digit: null }],
  prompts: () => [],
  queues: () => [],
  enter: (node) => go(node),
  take: (node) => go(node),
});

function go(node: Static<typeof schema>): NodeStep {
  return { type: 'go', to: node.next };
}
