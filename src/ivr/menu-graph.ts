import type { Menu } from './menu.js';
import type { Exit } from './nodes/node-kind.js';
import { kindOf } from './nodes/nodes.js';

/** The menu as a graph of its nodes; exits to unknown nodes are left out. */
export interface MenuGraph {
  start: string;
  exits: ReadonlyMap<string, readonly Exit[]>;
}

export function graphOf(menu: Menu): MenuGraph {
  const exits = Object.entries(menu.nodes).map(
    ([name, node]) =>
      [
        name,
        kindOf(node)
          .exits(node)
          .filter(({ to }) => Object.hasOwn(menu.nodes, to)),
      ] as const,
  );
  return { start: menu.start, exits: new Map(exits) };
}

/** All nodes that can be come to from a node, itself included. */
export function reachableFrom(graph: MenuGraph, from: string): Set<string> {
  const seen = new Set<string>();
  const open = graph.exits.has(from) ? [from] : [];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { to } of graph.exits.get(name) ?? []) open.push(to);
  }
  return seen;
}

/** Circles that a caller who presses nothing would go round for ever, each as the names along it. */
export function silentCircles(graph: MenuGraph): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (name: string, trail: string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) circles.push(trail.slice(at));
    if (at >= 0 || done.has(name)) return;
    for (const { to, digit } of graph.exits.get(name) ?? []) if (digit === null) visit(to, [...trail, name]);
    done.add(name);
  };
  for (const name of graph.exits.keys()) visit(name, []);
  return circles;
}

/** Least number of menu levels on a way from the start to each node, its own included. */
export function levels(graph: MenuGraph, isLevel: (name: string) => boolean): Map<string, number> {
  const found = new Map<string, number>();
  let wave = graph.exits.has(graph.start) ? [graph.start] : [];
  for (let level = 0; wave.length > 0; level++) {
    const next: string[] = [];
    // Nodes that are no level belong to the wave of the node before them.
    for (const name of wave) {
      if (found.has(name)) continue;
      found.set(name, level + (isLevel(name) ? 1 : 0));
      const following = (graph.exits.get(name) ?? []).map(({ to }) => to);
      if (isLevel(name)) next.push(...following);
      else wave.push(...following);
    }
    wave = next;
  }
  return found;
}
