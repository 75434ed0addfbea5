import type { Static, TObject } from 'typebox';
import Type from 'typebox';

/** What a node wants done on the citizen's line. `prompts` are names; `queue` and `hangUp` end the walk through the menu. */
export type MenuAct =
  | { readonly type: 'play'; readonly prompts: readonly string[] }
  | { readonly type: 'stopPlaying' }
  | { readonly type: 'queue'; readonly queue: string; readonly priority: number }
  | { readonly type: 'hangUp' };

export type MenuEvent =
  /** One of 0-9, * and #. */
  | { readonly type: 'digit'; readonly digit: string }
  /** The prompts of the last `play` were played out, or could not be played. */
  | { readonly type: 'promptEnded' }
  /** `wakeAt` has come. */
  | { readonly type: 'timeout' };

/** What a node remembers of the caller while it is the current one. */
export interface NodeState {
  /** Prompts are being played. */
  readonly playing: boolean;
  /** Keys pressed and not yet used. */
  readonly digits: string;
  /** How often the caller was asked again. */
  readonly tries: number;
}

/** What a node answers: wait here, go to another node (with keys typed ahead, for that one to take), or leave the menu. */
export type NodeStep =
  | {
      readonly type: 'stay';
      /** Prompts to play from now on; empty stops what is playing; without, what is playing goes on. */
      readonly play?: readonly string[];
      /** Wait at most so long for the next event, ms; null with `play`: until the prompts' end. */
      readonly waitMs: number | null;
      readonly digits?: string;
      readonly tries?: number;
    }
  | { readonly type: 'go'; readonly to: string; readonly digits?: string }
  | { readonly type: 'leave'; readonly act: Extract<MenuAct, { type: 'queue' | 'hangUp' }> };

/** Where a node can lead. `field` is the path inside the node, for findings. */
export interface Exit {
  readonly to: string;
  readonly field: readonly string[];
  /** The key that leads there; null when it happens by itself (played out, nothing pressed). */
  readonly digit: string | null;
}

/** A name that a node uses (prompt or queue) and where in the node. */
export interface Use {
  readonly name: string;
  readonly field: readonly (string | number)[];
}

/**
 * Everything about one kind of node in one place: its form in YAML, what it refers to, and what it does. A new kind is
 * one file like this and one entry in `nodes.ts`; schema, checks, interpreter and editor help follow from it.
 * `enter` and `take` are pure: no clock, no I/O.
 */
export interface NodeKind<Schema extends TObject = TObject> {
  readonly schema: Schema;
  /** `person`: hands over to a queue; `end`: the call ends; `no`: the walk goes on through one of `exits`. */
  readonly ends: 'person' | 'end' | 'no';
  /** Counts as a level of the menu: the caller has to choose. */
  readonly level: boolean;
  exits(node: Static<Schema>): Exit[];
  prompts(node: Static<Schema>): Use[];
  queues(node: Static<Schema>): Use[];
  enter(node: Static<Schema>): NodeStep;
  take(node: Static<Schema>, state: NodeState, event: MenuEvent): NodeStep;
}

export function nodeKind<Schema extends TObject>(kind: NodeKind<Schema>): NodeKind<Schema> {
  return kind;
}

export const nodeNamePattern = '^[a-zA-Z][a-zA-Z0-9-]{0,39}$';
export const promptNamePattern = '^[a-z0-9][a-z0-9-]{0,59}$';

/** Name of a node: also what statistics and the pop's menu path show. */
export const NodeName = Type.String({ pattern: nodeNamePattern, description: 'Name of a node.' });

/** Name of a prompt: the file name without folder and ending. */
export const PromptName = Type.String({
  pattern: promptNamePattern,
  description: 'Name of a prompt: file name without ending.',
});

export const Prompts = Type.Array(PromptName, { maxItems: 20, description: 'Prompts played one after the other.' });

export const Notes = Type.Optional(
  Type.String({ maxLength: 500, description: 'For people; not used by the program.' }),
);

/** The names of a list of prompts, each with its place. */
export function promptUses(prompts: readonly string[] | undefined): Use[] {
  return (prompts ?? []).map((name, index) => ({ name, field: ['prompts', index] }));
}

/** Plays the prompts, if any, then does `then`. */
export function playThen(prompts: readonly string[] | undefined, then: NodeStep): NodeStep {
  return prompts?.length ? { type: 'stay', play: prompts, waitMs: null } : then;
}
