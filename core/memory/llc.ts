/**
 * The last-level cache of a host as devices and CPUs see it: sets of ways, least recently used first out. A CPU
 * fills any way. A device's write updates a line wherever it lies, and else fills the first ways only (Intel
 * DDIO): rings whose buffers do not fit these push each other's packets out to memory before a CPU has read
 * them ("leaky DMA"; Farshin et al., USENIX ATC 2020, section 2). A device's read fills nothing.
 *
 * Private caches of the cores are not modelled: a device's write makes their copies void, so the first read of
 * a received line goes to this cache whatever they hold.
 */

/** Bytes of a cache line. */
export const LINE_BYTES = 64;

/** Result of {@link Llc.fill}: nothing had to be written back. */
export const CLEAN: number = -1;

/**
 * A set-associative cache of lines. An access takes time in proportion to the ways, a reset none.
 *
 * @example
 * ```ts
 * import { CLEAN, Llc } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const llc = new Llc(4, 3); // lines 0, 4, 8, 12 share a set of three ways
 * const io = 2; // a device fills two of them
 * assertEquals([llc.fill(0, io, true), llc.fill(4, io, true)], [CLEAN, CLEAN]);
 * assertEquals([llc.fill(8, io, true), llc.has(0)], [0, false]); // line 0 was written back
 * assertEquals([llc.fill(12, 3, false), llc.has(4)], [CLEAN, true]); // a CPU may use the third
 * ```
 */
export class Llc {
  readonly #sets: number = 0;
  readonly #ways: number = 0;
  readonly #line: Float64Array = new Float64Array(0);
  readonly #dirty: Uint8Array = new Uint8Array(0);
  /** When each way was used last, in accesses; up to `#emptyUntil` it holds nothing. */
  readonly #used: Float64Array = new Float64Array(0);
  #emptyUntil = 0;
  #accesses = 0;

  /**
   * An empty cache.
   * @throws {RangeError} when a size is no positive integer, or there are more than 2^24 lines
   */
  constructor(sets: number, ways: number) {
    for (const [name, value] of [["sets", sets], ["ways", ways]] as const) {
      if (!(Number.isInteger(value) && value >= 1 && sets * ways <= 1 << 24)) {
        throw new RangeError(
          `Cannot make a cache of ${sets} sets and ${ways} ways: ${name} is ${value}, expected ` +
            `integers from 1 on and at most 2^24 lines`,
        );
      }
    }
    this.#sets = sets;
    this.#ways = ways;
    this.#line = new Float64Array(sets * ways);
    this.#dirty = new Uint8Array(sets * ways);
    this.#used = new Float64Array(sets * ways);
  }

  /** Whether a line is there; changes nothing. */
  has(line: number): boolean {
    return this.#find(line) >= 0;
  }

  /** Uses a line if it is there, and answers whether it was; a write makes it dirty. */
  use(line: number, write: boolean): boolean {
    const at = this.#find(line);
    if (at < 0) return false;
    this.#used[at] = ++this.#accesses;
    if (write) this.#dirty[at] = 1;
    return true;
  }

  /**
   * Puts a line that is not there into one of the first `ways` ways of its set: a free one, or that of the line
   * used longest ago. Answers the line that has to be written back for it, or {@link CLEAN}.
   */
  fill(line: number, ways: number, write: boolean): number {
    const first = (line % this.#sets) * this.#ways;
    let victim = first;
    let oldest = Infinity;
    for (let at = first; at < first + ways; at++) {
      const used = this.#used[at]!;
      if (used <= this.#emptyUntil) {
        victim = at;
        oldest = -1;
        break;
      }
      if (used < oldest) {
        oldest = used;
        victim = at;
      }
    }
    const back = oldest >= 0 && this.#dirty[victim] === 1 ? this.#line[victim]! : CLEAN;
    this.#line[victim] = line;
    this.#dirty[victim] = write ? 1 : 0;
    this.#used[victim] = ++this.#accesses;
    return back;
  }

  /** Empty again. */
  reset(): void {
    this.#emptyUntil = this.#accesses;
  }

  #find(line: number): number {
    const first = (line % this.#sets) * this.#ways;
    for (let at = first; at < first + this.#ways; at++) {
      if (this.#line[at] === line && this.#used[at]! > this.#emptyUntil) return at;
    }
    return -1;
  }
}
