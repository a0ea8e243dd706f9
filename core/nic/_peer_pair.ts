/** The two rings of one ordered pair of NICs, and the slots between them. */

/** Most descriptors that one DMA write carries. */
export const BATCH_MAX = 8;

/** One ring of entries, written by one NIC and visible to another some time later. */
export class Entries {
  readonly entry: Int32Array = new Int32Array(0);
  /** Free-running: appended, handed to DMA, visible, taken. */
  written = 0;
  flushed = 0;
  visible = 0;
  taken = 0;
  /** Entries whose write never came: one that was made later has (sequence numbers show it). */
  missing = 0;

  constructor(size: number) {
    this.entry = new Int32Array(size);
  }

  /** Adds an entry to those that the next flush writes; answers how many wait for it. */
  append(entry: number, size: number): number {
    this.entry[this.written++ % size] = entry;
    return this.written - this.flushed;
  }

  /**
   * A write of entries that begins at `start` has come. What was to come before it has been lost on the way, as
   * the sequence shows, and is not taken.
   */
  arrive(start: number, size: number): void {
    for (; this.visible % size !== start; this.visible++) {
      this.entry[this.visible % size] = -1;
      this.missing++;
    }
  }

  /** The next visible entry, or -1. */
  take(size: number): number {
    while (this.taken < this.visible) {
      const entry = this.entry[this.taken++ % size]!;
      if (entry >= 0) return entry;
    }
    return -1;
  }

  reset(): void {
    this.written =
      this.flushed =
      this.visible =
      this.taken =
      this.missing =
        0;
  }
}

/** The rings of one ordered pair. */
export class Pair {
  readonly descriptors: Entries;
  readonly completions: Entries;
  readonly free: Int32Array = new Int32Array(0);
  freeCount = 0;
  freeHead = 0;
  place = -1;
  /** Descriptor writes by how many descriptors they carried. */
  readonly batches: Int32Array = new Int32Array(BATCH_MAX + 1);

  constructor(most: number) {
    this.descriptors = new Entries(most);
    this.completions = new Entries(most);
    this.free = new Int32Array(most);
  }

  /** All of `slots` slots from buffer `first` on are free, and nothing was ever written. */
  reset(first: number, slots: number, place: number): void {
    for (let s = 0; s < slots; s++) this.free[s] = first + s;
    this.freeCount = slots;
    this.freeHead = 0;
    this.place = place;
    this.descriptors.reset();
    this.completions.reset();
    this.batches.fill(0);
  }
}

/** @throws {RangeError} when rings of `most` entries, or a NIC's memory, do not hold the slots of each pair */
export function checkSlots(nics: number, slots: number, nicBuffers: number, most: number): void {
  if (slots > most) {
    throw new RangeError(`Cannot boot NICs with ${slots} slots for each peer: rings hold ${most}`);
  }
  const needed = (nics - 1) * slots;
  if (needed > nicBuffers) {
    throw new RangeError(
      `Cannot boot ${nics} NICs with ${slots} slots for each peer: ${needed} buffers are ` +
        `needed in each NIC's memory, which holds ${nicBuffers}`,
    );
  }
}
