import { BITS_DEPTH, PrefixBits } from "./_prefix_bits.ts";
import { prefixText } from "./route.ts";

/**
 * The routes beside a forwarding table (the RIB): what was added, under which prefix and depth,
 * with which next hop. A compressed table cannot say what a deletion uncovers; this can, by probing
 * at shorter depths.
 *
 * An open-addressing hash with linear probing, two 32-bit words a slot: the prefix, and depth + 1
 * with the next hop (0 = empty slot). It doubles when half full, so an absent rule costs 2.5 slots
 * on average (Knuth, TAOCP 3, 6.4, algorithm L). Removal shifts later slots back instead of leaving
 * marks, so adding and removing forever costs no more than once. The price: the hash is a fixed
 * function, so routes chosen to collide make an operation linear in their number. rte_lpm keeps an
 * array sorted by depth instead and pays a scan of all rules of a depth for each insertion.
 *
 * What covers a prefix is found by a probe at each shorter depth that has rules while the hash is
 * small. From 2^17 slots (1 MiB, more than the caches next to a core keep) a bit for each prefix to
 * depth 24 says where to probe: one cache line of bits and one probe. The first question to a large
 * table makes them, in a pass over the rules; they take 4 MiB until `clear`.
 *
 * Callers pass prefixes whose host bits are 0, with a sign or without: only their 32 bits count. The
 * table owns its arrays; nobody else keeps a slot number across a change.
 */
export class RuleTable {
  private words = new Uint32Array(2 * SLOTS_MIN);
  private mask = SLOTS_MIN - 1;
  private live = 0;
  private readonly perDepth = new Uint32Array(33);
  private bits: PrefixBits | undefined;

  /** How many rules there are. */
  get count(): number {
    return this.live;
  }

  /** How many slots there are: rules live at slots 0..capacity-1 in no order. */
  get capacity(): number {
    return this.mask + 1;
  }

  /** Bytes of memory: 8 a slot, and the bits of a large table. */
  get bytes(): number {
    return this.words.byteLength + (this.bits?.bytes ?? 0);
  }

  /** How many rules of this depth there are. */
  countAt(depth: number): number {
    return this.perDepth[depth]!;
  }

  /** Prefix of the rule in a slot; meaningless when `depthAt` is -1. */
  prefixAt(slot: number): number {
    return this.words[2 * slot]!;
  }

  /** Depth of the rule in a slot, or -1 when the slot is empty. */
  depthAt(slot: number): number {
    return (this.words[2 * slot + 1]! >>> 24) - 1;
  }

  /** Next hop of a rule, or -1 when it is not there. */
  get(prefix: number, depth: number): number {
    const slot = this.slotOf(prefix, depth);
    const word = this.words[2 * slot + 1]!;
    return word === 0 ? -1 : word & 0xff_ffff;
  }

  /**
   * Depth of the longest rule shorter than `depth`, not of depth 0, that covers `prefix`; 0 when
   * none does.
   */
  coveringDepth(prefix: number, depth: number): number {
    const bits = this.bits ?? this.makeBits();
    for (let d = depth - 1; d > 0; d--) {
      if (bits !== undefined && d <= BITS_DEPTH) return bits.longest(prefix, d);
      if (this.perDepth[d] === 0) continue;
      const masked = (prefix & (-1 << (32 - d))) >>> 0;
      if (this.words[2 * this.slotOf(masked, d) + 1] !== 0) return d;
    }
    return 0;
  }

  /** Adds a rule or changes its next hop. */
  set(prefix: number, depth: number, nextHop: number): void {
    let slot = this.slotOf(prefix, depth);
    if (this.words[2 * slot + 1] === 0) {
      if (2 * (this.live + 1) > this.capacity) {
        this.resize(2 * this.capacity);
        slot = this.slotOf(prefix, depth);
      }
      this.live++;
      this.perDepth[depth]!++;
      this.words[2 * slot] = prefix;
      this.bits?.add(prefix, depth);
    }
    this.words[2 * slot + 1] = ((depth + 1) << 24) | nextHop;
  }

  /** Removes a rule; false when it is not there. */
  remove(prefix: number, depth: number): boolean {
    let hole = this.slotOf(prefix, depth);
    const words = this.words;
    if (words[2 * hole + 1] === 0) return false;
    this.live--;
    this.perDepth[depth]!--;
    this.bits?.remove(prefix, depth);
    // Knuth's algorithm R: a later rule moves into the hole unless its home lies between hole and
    // rule.
    for (let slot = (hole + 1) & this.mask; words[2 * slot + 1] !== 0;) {
      const home = this.homeOf(words[2 * slot]!, this.depthAt(slot));
      if (((slot - home) & this.mask) >= ((slot - hole) & this.mask)) {
        words[2 * hole] = words[2 * slot]!;
        words[2 * hole + 1] = words[2 * slot + 1]!;
        hole = slot;
      }
      slot = (slot + 1) & this.mask;
    }
    words[2 * hole] = 0;
    words[2 * hole + 1] = 0;
    return true;
  }

  /** Makes room for `count` rules at once, so that a bulk load does not double on its way. */
  reserve(count: number): void {
    let slots = this.capacity;
    while (slots < 2 * count) slots *= 2;
    if (slots > this.capacity) this.resize(slots);
  }

  /**
   * Calls `visit` for each rule in ascending (prefix, depth); what it does to the table changes
   * nothing.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    const keys = new Float64Array(this.live);
    for (let slot = 0, n = 0; slot < this.capacity; slot++) {
      const depth = this.depthAt(slot);
      if (depth >= 0) keys[n++] = this.words[2 * slot]! * 64 + depth;
    }
    keys.sort();
    const hops = new Uint32Array(keys.length);
    for (let i = 0; i < keys.length; i++) {
      hops[i] = this.get(Math.floor(keys[i]! / 64), keys[i]! % 64);
    }
    for (let i = 0; i < keys.length; i++) {
      visit(Math.floor(keys[i]! / 64), keys[i]! % 64, hops[i]!);
    }
  }

  /** Removes every rule, in time proportional to the most rules there were since the last time. */
  clear(): void {
    if (this.capacity > SLOTS_KEPT) {
      this.words = new Uint32Array(2 * SLOTS_MIN);
      this.mask = SLOTS_MIN - 1;
    } else {
      this.words.fill(0);
    }
    this.bits = undefined;
    this.perDepth.fill(0);
    this.live = 0;
  }

  /**
   * Compares the bits of a large table with its rules: one for each of depth 1 to 24, and no other.
   * O(slots + bits).
   * @throws {Error} naming the rule without a bit, or both counts
   */
  checkBits(): void {
    if (this.bits === undefined) return;
    let expected = 0;
    for (let slot = 0; slot < this.capacity; slot++) {
      const depth = this.depthAt(slot);
      if (depth < 1 || depth > BITS_DEPTH) continue;
      expected++;
      const prefix = this.prefixAt(slot);
      if (!this.bits.has(prefix, depth)) {
        throw new Error(`Rule ${prefixText(prefix, depth)} has no bit`);
      }
    }
    const noted = this.bits.count();
    if (noted !== expected) throw new Error(`${noted} bits are set for ${expected} rules`);
  }

  private slotOf(prefix: number, depth: number): number {
    const words = this.words;
    const tag = depth + 1;
    let slot = this.homeOf(prefix, depth);
    for (;;) {
      const word = words[2 * slot + 1]!;
      if (word === 0 || (word >>> 24 === tag && (words[2 * slot]! ^ prefix) === 0)) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  private homeOf(prefix: number, depth: number): number {
    let h = Math.imul(prefix, 0x9e3779b1) ^ Math.imul(depth, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    return (h ^ (h >>> 16)) & this.mask;
  }

  private resize(slots: number): void {
    const old = this.words;
    this.words = new Uint32Array(2 * slots);
    this.mask = slots - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      const slot = this.slotOf(old[i]!, (old[i + 1]! >>> 24) - 1);
      this.words[2 * slot] = old[i]!;
      this.words[2 * slot + 1] = old[i + 1]!;
    }
  }

  /** The bits of a large table; none for a small one, or where the memory cannot be had. */
  private makeBits(): PrefixBits | undefined {
    if (this.capacity < SLOTS_WITH_BITS) return undefined;
    let bits: PrefixBits;
    try {
      bits = new PrefixBits();
    } catch {
      return undefined;
    }
    for (let slot = 0; slot < this.capacity; slot++) {
      const depth = this.depthAt(slot);
      if (depth > 0) bits.add(this.prefixAt(slot), depth);
    }
    return this.bits = bits;
  }
}

const SLOTS_MIN = 64;
/** Arrays up to this size survive `clear`: filling 8 KiB costs less than allocating anew. */
const SLOTS_KEPT = 1024;
/** From this size on a table has bits. */
const SLOTS_WITH_BITS = 2 ** 17;
