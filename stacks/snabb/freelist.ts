/**
 * The freelist of a process: packets ready for use, last in, first out, so that what was touched last is used next.
 * It never holds more than `max`. Source: core/packet.lua (struct freelist).
 */

/** A stack of packets. */
export class Freelist {
  /** Packets in it. */
  nfree = 0;
  /** Packets that it can hold. */
  readonly max: number;
  /** The packets, `nfree` of them. */
  readonly list: Int32Array;

  /** An empty one. */
  constructor(max: number) {
    this.max = max;
    this.list = new Int32Array(max);
  }

  /**
   * Puts a packet on top.
   * @throws {RangeError} when there is no room: somebody freed a packet that is not of this machine, or twice
   */
  add(p: number): void {
    if (this.nfree === this.max) {
      throw new RangeError(`Cannot free packet ${p}: freelist overflow, it holds ${this.max}`);
    }
    this.list[this.nfree++] = p;
  }

  /** Takes the packet on top. There must be one. */
  remove(): number {
    return this.list[--this.nfree]!;
  }
}
