import { parseNumber } from './number.js';

/** Where a number is at home. `city` is empty where only the province or territory is known. */
export interface Region {
  province: string;
  city: string;
}

/** Prefixes of national significant numbers (no 0, no 86) with their regions. */
export type RegionTable = ReadonlyMap<string, Region>;

/** A line of a data file that cannot be used. */
export interface RegionFileError {
  /** From 1. */
  line: number;
  cause: string;
}

/**
 * Reads `prefix,province,city[,remark]` lines: area codes with their 0, mobile prefixes of 3 to 11 digits. Empty lines and
 * those that begin with `#` are skipped. Lines that do not fit are reported and left out; a prefix given twice: the last.
 */
export function parseRegions(csv: string): { table: RegionTable; errors: RegionFileError[] } {
  const table = new Map<string, Region>();
  const errors: RegionFileError[] = [];
  for (const [index, text] of csv
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(text)) continue;
    const [prefix = '', province = '', city = ''] = text.split(',').map((part) => part.trim());
    if (!/^(?:0[1-9]\d{1,2}|1[3-9]\d{1,9})$/.test(prefix))
      errors.push({
        line: index + 1,
        cause: 'the first column must be an area code (0518) or a mobile prefix (1380000)',
      });
    else if (!province) errors.push({ line: index + 1, cause: 'the second column, the province, is empty' });
    else table.set(prefix.replace(/^0/, ''), { province, city });
  }
  return { table, errors };
}

/** Hong Kong, Macao and Taiwan, by country code. */
const territories: readonly (readonly [prefix: string, region: Region])[] = [
  ['+852', { province: '香港特别行政区', city: '' }],
  ['+853', { province: '澳门特别行政区', city: '' }],
  ['+886', { province: '台湾省', city: '' }],
];

/**
 * Home region of a stored number (E.164): longest prefix that fits, at most nine look-ups in a hash table.
 * Null for other countries, short codes without an area, services and prefixes that the tables lack.
 */
export function regionOf(e164: string, areaCodes: RegionTable, mobilePrefixes: RegionTable): Region | null {
  const territory = territories.find(([prefix]) => e164.startsWith(prefix));
  if (territory) return territory[1];
  const { kind, areaCode } = parseNumber(e164, '');
  if (areaCode) return areaCodes.get(areaCode.slice(1)) ?? null;
  if (kind !== 'mobile') return null;
  const digits = e164.slice('+86'.length);
  for (let length = digits.length; length >= 3; length--) {
    const region = mobilePrefixes.get(digits.slice(0, length));
    if (region) return region;
  }
  return null;
}
