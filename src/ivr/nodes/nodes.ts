import type { Static } from 'typebox';
import { goTo } from './go-to.js';
import { hangUp } from './hang-up.js';
import { menu } from './menu.js';
import type { NodeKind } from './node-kind.js';
import { queue } from './queue.js';
import { say } from './say.js';

/** Every kind of node, by the word that `kind:` names it with in YAML. */
export const nodeKinds = { say, menu, queue, hangUp, goTo };

export type NodeKindName = keyof typeof nodeKinds;
export type MenuNode = { [Kind in NodeKindName]: Static<(typeof nodeKinds)[Kind]['schema']> }[NodeKindName];

/** The rules of a node. The one place where a node and its own kind are matched for the compiler. */
export function kindOf(node: MenuNode): NodeKind {
  return nodeKinds[node.kind] as unknown as NodeKind;
}

export function isNodeKind(kind: unknown): kind is NodeKindName {
  return typeof kind === 'string' && Object.hasOwn(nodeKinds, kind);
}
