import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export interface Place {
  /** From 1. */
  line: number;
  column: number;
}

export interface MenuSource {
  /** Plain data; undefined when the YAML itself is broken. */
  data: unknown;
  /** What is wrong with the YAML itself. */
  errors: { place: Place; message: string }[];
  /** Where a field stands: its value when that is a single word, else its name; the nearest one above when it is missing. */
  place(path: readonly (string | number)[]): Place;
}

/** Reads YAML and keeps the line of everything in it. Never throws. */
export function readMenuSource(text: string): MenuSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = document.errors.map((error) => ({ place: placeAt(error.pos[0]), message: error.message }));
  let data: unknown;
  if (errors.length === 0) {
    try {
      data = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      errors.push({ place: { line: 1, column: 1 }, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { data, errors, place: (path) => placeAt(offsetOf(document.contents, path)) };
}

function offsetOf(root: Node | null, path: readonly (string | number)[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (!pair) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)];
      if (!item) return offset;
      node = item;
      offset = isScalar(item) ? (item.range?.[0] ?? offset) : offset;
    } else return offset;
  }
  return isScalar(node) && node.range && node.range[1] > node.range[0] ? node.range[0] : offset;
}
