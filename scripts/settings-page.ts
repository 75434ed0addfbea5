/** Writes the table of settings in docs/operations.md from the schema: `npx tsx scripts/settings-page.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigSchema } from '../src/config.js';

const file = fileURLToPath(new URL('../docs/operations.md', import.meta.url));
const page = readFileSync(file, 'utf8');
writeFileSync(file, page.replace(/<!-- settings -->[\s\S]*<!-- \/settings -->/, settingsTable()));

function settingsTable(): string {
  const rows = Object.entries(ConfigSchema.properties).map(([name, schema]) => {
    const { default: value, description = '' } = schema as { default?: unknown; description?: string };
    return `| \`${name}\` | ${value === undefined ? '' : `\`${String(value)}\``} | ${description} |`;
  });
  return [
    '<!-- settings -->',
    '| variable | default | what |',
    '| --- | --- | --- |',
    ...rows,
    '<!-- /settings -->',
  ].join('\n');
}
