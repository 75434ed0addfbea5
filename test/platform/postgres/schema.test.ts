import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Its ESM build looks for a `require` that is not there.
const { generateDrizzleJson, generateMigration } = createRequire(import.meta.url)(
  'drizzle-kit/api',
) as typeof import('drizzle-kit/api');

t.test('the migrations make exactly the tables that the stores use', async (t) => {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('-table.ts'),
  );
  t.ok(files.length > 5);
  const tables: Record<string, unknown> = {};
  for (const file of files) Object.assign(tables, await import(pathToFileURL(`${root}src/${file}`).href));
  const snapshots = readdirSync(`${root}migrations/meta`).filter((file) => file.endsWith('_snapshot.json'));
  const last = JSON.parse(readFileSync(`${root}migrations/meta/${snapshots.sort().at(-1)}`, 'utf8'));
  const missing = await generateMigration(last, generateDrizzleJson(tables, last.id));
  t.same(missing, [], 'else: npx drizzle-kit generate --name <what>, and read it');
});
