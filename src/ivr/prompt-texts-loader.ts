import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Language } from './spoken.js';

export const languages: readonly Language[] = ['zh', 'en'];

export type PromptTexts = Map<string, { zh?: string; en?: string }>;

/** What was spoken into each shipped sound file, to see which are out of date: `spoken.json` beside them. */
export type Spoken = Record<Language, Record<string, string>>;

/**
 * The words of all prompts: `prompts/texts.yaml` and the `prompts` of every menu, by name.
 * @throws Error when a file is unreadable or gives one name other words than another file
 */
export function readPromptTexts(configDir: string): PromptTexts {
  const texts: PromptTexts = new Map();
  const add = (file: string, prompts: Record<string, { zh?: string; en?: string }> | undefined) => {
    for (const [name, text] of Object.entries(prompts ?? {})) {
      const before = texts.get(name);
      if (before && (before.zh !== text.zh || before.en !== text.en))
        throw new Error(`${file}: prompt "${name}" has other words elsewhere; give it another name`);
      texts.set(name, text);
    }
  };
  const read = (file: string) => parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const own = join(configDir, 'prompts', 'texts.yaml');
  add(own, read(own) as Record<string, { zh?: string; en?: string }>);
  const menus = join(configDir, 'menus');
  for (const name of readdirSync(menus)
    .filter((file) => file.endsWith('.yaml'))
    .sort()) {
    const file = join(menus, name);
    add(file, read(file).prompts as Record<string, { zh?: string; en?: string }> | undefined);
  }
  return texts;
}

/** Prompts whose sound file is missing or was spoken from other words. */
export function stalePrompts(
  configDir: string,
  texts: PromptTexts,
): { name: string; language: Language; text: string }[] {
  const spoken = readSpoken(configDir);
  return [...texts].flatMap(([name, text]) =>
    languages.flatMap((language) => {
      const words = text[language];
      const file = join(configDir, 'prompts', language, `${name}.wav`);
      return words && (spoken[language][name] !== words || !existsSync(file)) ? [{ name, language, text: words }] : [];
    }),
  );
}

export function readSpoken(configDir: string): Spoken {
  const file = join(configDir, 'prompts', 'spoken.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Spoken) : { zh: {}, en: {} };
}
