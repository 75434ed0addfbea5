import Type, { type Static } from 'typebox';
import { NodeName, type NodeStep, Notes, nodeKind, PromptName, Prompts, promptUses } from './node-kind.js';

const schema = Type.Object(
  {
    kind: Type.Literal('menu'),
    notes: Notes,
    prompts: Prompts,
    keys: Type.Record(Type.String({ pattern: '^[0-9*#]$' }), NodeName, {
      minProperties: 1,
      additionalProperties: false,
      description: 'Key (0-9, "*", "#") to the node that it leads to.',
    }),
    timeoutSeconds: Type.Optional(
      Type.Number({
        minimum: 0.5,
        maximum: 60,
        description: 'How long to wait for a key after the prompts. Without: 5.',
      }),
    ),
    repeat: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 5,
        description: 'How often to ask again after no key or a wrong one. Without: 1.',
      }),
    ),
    wrongKey: Type.Optional(PromptName),
    default: NodeName,
  },
  {
    additionalProperties: false,
    description: '按键菜单 / One key chooses; after no key or wrong keys it goes to `default`.',
  },
);

/** Waits for one key, during the prompts and after them. Wrong keys and silence share one count of tries. */
export const menu = nodeKind({
  schema,
  ends: 'no',
  level: true,
  exits: (node) => [
    ...Object.entries(node.keys).map(([digit, to]) => ({ to, field: ['keys', digit], digit })),
    { to: node.default, field: ['default'], digit: null },
  ],
  prompts: (node) => [
    ...promptUses(node.prompts),
    ...(node.wrongKey ? [{ name: node.wrongKey, field: ['wrongKey'] }] : []),
  ],
  queues: () => [],
  enter: (node) => ask(node, 0, []),
  take(node, state, event) {
    const again = state.tries < (node.repeat ?? 1);
    switch (event.type) {
      case 'digit': {
        const to = node.keys[event.digit];
        if (to) return { type: 'go', to };
        const wrongKey = node.wrongKey ? [node.wrongKey] : [];
        return again ? ask(node, state.tries + 1, wrongKey) : { type: 'go', to: node.default };
      }
      case 'promptEnded':
        return { type: 'stay', waitMs: timeoutMs(node) };
      case 'timeout':
        return again ? ask(node, state.tries + 1, []) : { type: 'go', to: node.default };
    }
  },
});

function ask(node: Static<typeof schema>, tries: number, before: readonly string[]): NodeStep {
  const play = [...before, ...node.prompts];
  return play.length ? { type: 'stay', play, waitMs: null, tries } : { type: 'stay', waitMs: timeoutMs(node), tries };
}

function timeoutMs(node: Static<typeof schema>): number {
  return (node.timeoutSeconds ?? 5) * 1000;
}
