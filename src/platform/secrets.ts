import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';

const Secret = Type.String({ minLength: 24, pattern: '^[A-Za-z0-9_-]+$' });

/** What only this installation knows (A6). Letters and digits only, so that no file format has to escape them. */
export const SecretsSchema = Type.Object({
  /** Names this installation to itself: a data folder that was deleted and made anew is another one. */
  installation: Secret,
  postgresPassword: Secret,
  ariPassword: Secret,
  /** Key that the passwords of seats' phones are made from. */
  phoneKey: Secret,
});
export type Secrets = Static<typeof SecretsSchema>;

/** How the processes get them: environment variables, read by the server with `readConfig`'s settings. */
export function secretsEnv(secrets: Secrets) {
  return {
    ARI_USER: 'hotline',
    ARI_PASSWORD: secrets.ariPassword,
    /** Asterisk's system name: two installations on one machine must not share it. */
    SYSTEM_NAME: `hotline-${createHash('sha256').update(secrets.installation).digest('hex').slice(0, 8)}`,
  };
}

/**
 * Reads `<dataDir>/secrets.json` (mode 600), made on first use with 192 random bits each. Secrets added to the schema
 * later are added to an existing file. Two processes at once get the same secrets.
 * @throws Error when the file is not readable JSON of this shape; it is never overwritten then
 */
export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  mkdirSync(dataDir, { recursive: true });
  const known = readKnown(file);
  if (known && Value.Check(SecretsSchema, known)) return known;
  const complete = { ...makeSecrets(), ...known };
  if (!Value.Check(SecretsSchema, complete))
    throw new Error(`${file} holds a secret that is too short or of another form: restore the file, or delete it`);
  return known ? replace(file, complete) : publish(file, complete);
}

function makeSecrets(): Secrets {
  const names = Object.keys(SecretsSchema.properties);
  return Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('base64url')])) as Secrets;
}

function readKnown(file: string): Record<string, unknown> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // The parser's message would repeat a part of the file.
    throw new Error(`${file} is not valid JSON: restore the file, or delete it to have new secrets made`);
  }
}

function replace(file: string, secrets: Secrets): Secrets {
  writeFileSync(`${file}.new`, json(secrets), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** The first to link its file wins; the others take what that one wrote. */
function publish(file: string, secrets: Secrets): Secrets {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, json(secrets), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return secrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return loadSecrets(join(file, '..'));
  } finally {
    unlinkSync(draft);
  }
}

const json = (secrets: Secrets) => `${JSON.stringify(secrets, null, 2)}\n`;
