/**
 * Menus from the command line.
 *   npm run ivr -- check [file ...]   checks menu files (without: MENU_FILE); exit code 1 when one has errors
 *   npm run ivr -- schema             writes asterisk-config/menus/menu.schema.json for editors
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../src/config.js';
import { MenuSchema } from '../src/ivr/menu.js';
import { checkMenu } from '../src/ivr/menu-check.js';

const configDir = join(dirname(dirname(fileURLToPath(import.meta.url))), 'asterisk-config');
const [command, ...files] = process.argv.slice(2);
if (command === 'schema') {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...MenuSchema };
  writeFileSync(join(configDir, 'menus', 'menu.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
} else if (command === 'check') {
  process.exitCode = check(files) ? 0 : 1;
} else {
  console.error('npm run ivr -- check [file ...] | schema');
  process.exitCode = 2;
}

/** Queues live in the database and are not checked here. */
function check(given: readonly string[]): boolean {
  const { MENU_FILE, DATA_DIR } = readConfig();
  const hasPrompt = (name: string, language: string) =>
    [`${DATA_DIR}/prompts/${language}/${name}.wav`, join(configDir, 'prompts', language, `${name}.alaw`)].some(
      existsSync,
    );
  let good = true;
  for (const file of given.length ? given : [MENU_FILE]) {
    if (!existsSync(file)) {
      console.error(`${file}: 没有这个文件 / no such file`);
      good = false;
      continue;
    }
    const { menu, findings } = checkMenu(readFileSync(file, 'utf8'), {
      file: relative('.', file),
      queues: null,
      hasPrompt,
    });
    for (const { severity, line, column, cause, hint } of findings)
      console.error(
        `${relative('.', file)}:${line}:${column} ${severity === 'error' ? '错误' : '提醒'} ${severity}: ${cause}\n    ${hint}`,
      );
    console.log(`${relative('.', file)}: ${menu ? '可以使用 / good' : '不能使用 / not usable'}`);
    good &&= menu !== null;
  }
  return good;
}
