import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hash, verify } from '@node-rs/argon2';
import type { Logger } from 'pino';
import { HotlineError } from '../platform/errors.js';
import { uuidv7 } from '../platform/ids.js';
import type { Db } from '../platform/postgres/client.js';
import type { Role, Viewer } from './account.js';
import {
  countFailure,
  deleteSignIn,
  findAccount,
  findSignIn,
  insertAccount,
  insertSignIn,
  type SignIn,
  setPasswordHash,
  viewerOf,
} from './account-store.js';

export interface AccountServiceParts {
  readonly db: Db;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** File that keeps the hashes of sign-ins for a start without the database. */
  readonly copy: string;
}

const signInMs = 12 * 3_600_000;
const failuresBeforeLock = 5;
const lockMs = 5 * 60_000;
const unknownNamesKept = 10_000;

interface Copy {
  signIns: SignIn[];
  ended: string[];
}

/**
 * People sign in with a name and a password (argon2id) and hold a random token of 256 bits; only its hash is stored. Sign-ins
 * are kept in memory and in a small file too, so that who is signed in stays so while the database is away.
 */
export class AccountService {
  readonly #parts: AccountServiceParts;
  readonly #signIns = new Map<string, SignIn>();
  /** Signed out while the database was away; deleted there as soon as it is back. */
  readonly #ended = new Set<string>();
  /** Names without an account are locked like others, or the lock would tell which names exist. */
  readonly #unknownNames = new Map<string, { failures: number; lockedUntil: number }>();
  /** What a wrong name is checked against, so that it takes as long as a wrong password. */
  readonly #decoy: Promise<string> = hash(randomBytes(16));
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: AccountServiceParts) {
    this.#parts = parts;
  }

  /** Reads the sign-ins of the last run. */
  async start(): Promise<void> {
    try {
      const { signIns, ended } = JSON.parse(await readFile(this.#parts.copy, 'utf8')) as Copy;
      for (const signIn of signIns) this.#signIns.set(signIn.tokenHash, signIn);
      for (const tokenHash of ended) this.#ended.add(tokenHash);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#parts.log.warn({ err: error }, 'the copy of the sign-ins cannot be read; people sign in again');
    }
  }

  /**
   * @throws HotlineError `account.signInRefused` for a wrong name or password, `account.locked` after too many failures
   */
  async signIn(name: string, password: string): Promise<{ token: string; expiresAt: number; viewer: Viewer }> {
    const { db, clock } = this.#parts;
    const account = await findAccount(db, name);
    const right = await verify(account?.passwordHash ?? (await this.#decoy), password);
    const lockedUntil = account ? (account.lockedUntil?.getTime() ?? 0) : this.#lockedUntil(name);
    if (lockedUntil > clock()) throw new HotlineError('account.locked');
    if (!account || !right) {
      if (account) await countFailure(db, account.id, failuresBeforeLock, new Date(clock() + lockMs));
      else this.#countUnknown(name);
      throw new HotlineError('account.signInRefused', { field: 'password' });
    }
    const token = randomBytes(32).toString('base64url');
    const signIn = { tokenHash: hashOf(token), expiresAt: clock() + signInMs, viewer: viewerOf(account) };
    await insertSignIn(db, signIn, new Date(clock()));
    await this.#deleteEnded();
    this.#signIns.set(signIn.tokenHash, signIn);
    this.#save();
    return { token, expiresAt: signIn.expiresAt, viewer: signIn.viewer };
  }

  /** Holds at once, also while the database is away. */
  async signOut(token: string): Promise<void> {
    const tokenHash = hashOf(token);
    this.#signIns.delete(tokenHash);
    this.#ended.add(tokenHash);
    await this.#deleteEnded();
    this.#save();
  }

  /** Who holds this token; null when nobody does (any more), or when only the database could tell and it is away. */
  async viewerOf(token: string): Promise<Viewer | null> {
    const { db, clock, log } = this.#parts;
    const tokenHash = hashOf(token);
    const known = this.#signIns.get(tokenHash);
    if (known && known.expiresAt > clock()) return known.viewer;
    if (known) this.#signIns.delete(tokenHash);
    if (this.#ended.has(tokenHash)) return null;
    try {
      const found = await findSignIn(db, tokenHash, new Date(clock()));
      if (!found) return null;
      this.#signIns.set(tokenHash, found);
      this.#save();
      return found.viewer;
    } catch (error) {
      log.warn({ err: error }, 'a sign-in could not be looked up');
      return null;
    }
  }

  /** Resolves when what was changed is in the file too. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  /** Makes an account, or gives an existing one of that name the password. Returns its id. */
  async putAccount(account: {
    name: string;
    password: string;
    roles: readonly Role[];
    unitId?: string;
  }): Promise<string> {
    const { db, clock } = this.#parts;
    const { name, password, unitId = null } = account;
    const id = uuidv7(clock(), randomBytes(10));
    const passwordHash = await hash(password);
    const row = { id, name, passwordHash, roles: [...account.roles], unitId, createdAt: new Date(clock()) };
    if (await insertAccount(db, row)) return id;
    const existing = await findAccount(db, name);
    if (!existing) throw new Error('an account went away while it was looked at');
    await setPasswordHash(db, existing.id, passwordHash);
    return existing.id;
  }

  async #deleteEnded(): Promise<void> {
    const { db, log } = this.#parts;
    try {
      for (const tokenHash of [...this.#ended]) {
        await deleteSignIn(db, tokenHash);
        this.#ended.delete(tokenHash);
      }
    } catch (error) {
      log.warn({ err: error }, 'sign-outs wait for the database');
    }
  }

  #lockedUntil(name: string): number {
    return this.#unknownNames.get(hashOf(name))?.lockedUntil ?? 0;
  }

  #countUnknown(name: string): void {
    const { clock } = this.#parts;
    const key = hashOf(name);
    const failures = (this.#unknownNames.get(key)?.failures ?? 0) + 1;
    this.#unknownNames.delete(key);
    this.#unknownNames.set(key, { failures, lockedUntil: failures >= failuresBeforeLock ? clock() + lockMs : 0 });
    const [oldest] = this.#unknownNames.keys();
    if (this.#unknownNames.size > unknownNamesKept && oldest !== undefined) this.#unknownNames.delete(oldest);
  }

  /** One write after the other; the last state wins. */
  #save(): void {
    const { copy, log, clock } = this.#parts;
    const write = async () => {
      const signIns = [...this.#signIns.values()].filter(({ expiresAt }) => expiresAt > clock());
      const kept: Copy = { signIns, ended: [...this.#ended] };
      await mkdir(dirname(copy), { recursive: true });
      await writeFile(`${copy}.new`, JSON.stringify(kept), { mode: 0o600 });
      await rename(`${copy}.new`, copy);
    };
    this.#saving = this.#saving
      .then(write)
      .catch((error) => log.error({ err: error }, 'sign-ins cannot be kept on disk'));
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
