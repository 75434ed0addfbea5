import Type, { type Static } from 'typebox';
import { NodeName, Notes, nodeNamePattern, promptNamePattern } from './nodes/node-kind.js';
import { type MenuNode, nodeKinds } from './nodes/nodes.js';

/** The words of a prompt. They are spoken by `npm run prompts`; a recorded file of the same name is played instead. */
export const PromptText = Type.Object(
  {
    zh: Type.String({ minLength: 1, maxLength: 500 }),
    en: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  },
  { additionalProperties: false, description: 'The words of a prompt, in Chinese and, for English lines, in English.' },
);

/** A menu file without its nodes' insides: those are checked by their kind, so that a finding names the right field. */
export const MenuFrameSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 40, description: 'Name of the menu.' }),
    notes: Notes,
    start: NodeName,
    prompts: Type.Optional(
      Type.Record(Type.String({ pattern: promptNamePattern }), PromptText, {
        additionalProperties: false,
        description: 'Prompts of this menu, by name. Others are those in asterisk-config/prompts/texts.yaml.',
      }),
    ),
    nodes: Type.Record(Type.String({ pattern: nodeNamePattern }), Type.Unknown(), {
      additionalProperties: false,
      minProperties: 1,
      description: 'The nodes of the menu, by name.',
    }),
  },
  { additionalProperties: false },
);

/** A whole menu file, as `menu.schema.json` gives it to editors. */
export const MenuSchema = Type.Object(
  {
    ...MenuFrameSchema.properties,
    nodes: Type.Record(
      Type.String({ pattern: nodeNamePattern }),
      Type.Union(Object.values(nodeKinds).map((kind) => kind.schema)),
      { additionalProperties: false, minProperties: 1, description: 'The nodes of the menu, by name.' },
    ),
  },
  { additionalProperties: false, title: 'hotline12345 IVR menu' },
);

/** A menu that passed `checkMenu`. */
export type Menu = Omit<Static<typeof MenuFrameSchema>, 'nodes'> & { nodes: Record<string, MenuNode> };
