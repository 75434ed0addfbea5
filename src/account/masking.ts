import { hasRole, type Role, type Viewer } from './account.js';

/** Roles that see citizens' numbers in full; the others see them masked (A2). */
const seesNumbers: readonly Role[] = ['supervisor', 'dispatcher', 'qualityInspector'];

/** Hides the middle of a number: `138****0001`, `0518****4567`; what is too short to hide shows nothing of itself. */
export function maskNumber(e164: string): string {
  const national = e164.replace(/^\+86(?=1[3-9]\d{9}$)/, '').replace(/^\+86/, '0');
  if (national.length < 7) return /^[1-9]\d{0,4}$/.test(national) ? national : '****';
  // Area codes have three digits in Beijing (010) and the cities of 02x, else four.
  const head = national.slice(0, /^0[3-9]/.test(national) ? 4 : 3);
  return `${head}****${national.slice(-4)}`;
}

/**
 * A citizen's number for this viewer: the one way out for numbers.
 * @param own true for the agent's own call, where the number is needed to do the work
 */
export function showNumber(viewer: Viewer, e164: string, own = false): string {
  return own || hasRole(viewer, ...seesNumbers) ? e164 : maskNumber(e164);
}

/** A citizen's name for this viewer: whole where the number is, else the first character with `**`. */
export function showName(viewer: Viewer, name: string, own = false): string {
  if (own || hasRole(viewer, ...seesNumbers)) return name;
  const [first = ''] = name.trim();
  return `${first}**`;
}
