/**
 * Speaks the prompts' words into asterisk-config/prompts/zh and /en (G.711 A-law, 8 kHz: Asterisk passes it to a trunk as it is).
 *   npm run prompts                 those that are missing or whose words changed
 *   npm run prompts -- --all        all of them
 *   npm run prompts -- --check      only says which are out of date; exit code 1 when any is
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../src/config.js';
import { encodeWav, toPcm16 } from '../src/ivr/prompt-audio.js';
import { languages, readPromptTexts, readSpoken, type Spoken, stalePrompts } from '../src/ivr/prompt-texts-loader.js';
import { cacheFolder } from '../src/platform/provision/cache-folder.js';
import { provideEspeak } from '../src/platform/provision/programs.js';
import { type Espeak, speak } from './prompts-speech.js';

const configDir = join(dirname(dirname(fileURLToPath(import.meta.url))), 'asterisk-config');
const options = process.argv.slice(2);
const unknown = options.find((option) => !['--all', '--check'].includes(option));
if (unknown) {
  console.error(`${unknown}: npm run prompts [-- --all | --check]`);
  process.exit(2);
}

const texts = readPromptTexts(configDir);
const all = [...texts].flatMap(([name, text]) =>
  languages.flatMap((language) => (text[language] ? [{ name, language, text: text[language] }] : [])),
);
const stale = options.includes('--all') ? all : stalePrompts(configDir, texts);
if (options.includes('--check')) {
  for (const { name, language } of stale)
    console.error(`${language}/${name}: 语音过期，请运行 npm run prompts / out of date, run: npm run prompts`);
  process.exit(stale.length ? 1 : 0);
}

if (stale.length) {
  const espeak = await findEspeak();
  for (const [index, { name, language, text }] of stale.entries()) {
    const dir = join(configDir, 'prompts', language);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `${name}.wav`), encodeWav(toPcm16((await speak(text, language, espeak)).samples)));
    console.log(`${index + 1}/${stale.length} ${language}/${name}`);
  }
}
removeUnused();
writeFileSync(join(configDir, 'prompts', 'spoken.json'), `${JSON.stringify(spokenNow(), null, 2)}\n`);
console.log(`${all.length} 条提示音 / prompts; ${stale.length} 条已更新 / spoken`);

/** The one on PATH, else Debian's, unpacked into the cache. */
async function findEspeak(): Promise<Espeak> {
  try {
    execFileSync('espeak-ng', ['--version'], { stdio: 'ignore' });
    return (args) => ({ file: 'espeak-ng', args: [...args], env: {} });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const report = (line: string) => console.log(line);
    return (await provideEspeak({ cacheDir: cacheFolder(readConfig().DATA_DIR), report })).command;
  }
}

function removeUnused(): void {
  for (const language of languages) {
    const dir = join(configDir, 'prompts', language);
    for (const file of existsSync(dir) ? readdirSync(dir) : [])
      if (!texts.get(basename(file, '.wav'))?.[language]) rmSync(join(dir, file));
  }
}

function spokenNow(): Spoken {
  const spoken = readSpoken(configDir);
  for (const language of languages) {
    const own = all.filter((prompt) => prompt.language === language).sort((a, b) => (a.name < b.name ? -1 : 1));
    spoken[language] = Object.fromEntries(own.map(({ name, text }) => [name, text]));
  }
  return spoken;
}
