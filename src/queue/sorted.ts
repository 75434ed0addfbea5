/** A list kept in order, with binary search for adding and removing: cheap up to tens of thousands of members. */
export class Sorted<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  /** `compare` must be a total order: 0 only for the same member. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#items.splice(this.indexOf(item), 0, item);
  }

  /** Removes the member that compares equal; false when there is none. */
  remove(item: T): boolean {
    const index = this.indexOf(item);
    const found = this.#items[index];
    if (found === undefined || this.#compare(found, item) !== 0) return false;
    this.#items.splice(index, 1);
    return true;
  }

  /** How many members come before `item`. */
  indexOf(item: T): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#items[middle];
      if (other !== undefined && this.#compare(other, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The first `count` members. */
  take(count: number): T[] {
    return this.#items.slice(0, count);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items[Symbol.iterator]();
  }
}
