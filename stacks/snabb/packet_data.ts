/**
 * The bytes of packets. Headers are pushed and popped by moving the start of the data within the packet's first 512
 * bytes, where that is even and there is room; otherwise the bytes are moved to where fresh packets begin. Source: core/packet.lua.
 */
import { type Memory, STRIDE } from "../../core/memory/memory.ts";

/** Headroom of a fresh packet, and the window in which its data may begin (packet_alignment). */
export const DEFAULT_HEADROOM = 256;
export const PACKET_ALIGNMENT = 512;
/** Longest packet: what is left of a buffer wherever in the window the data begin. The original has 10,240. */
export const MAX_PAYLOAD = STRIDE - PACKET_ALIGNMENT;

/** Where they are, and who pays for moving them. */
export interface PacketBytes {
  readonly memory: Memory;
  /** Pays for a copy of `bytes` bytes. */
  chargeCopy(bytes: number): void;
}

/** Operations on the bytes of one packet. */
export class PacketData {
  /** Shifts that moved the start, and that moved the bytes. */
  fastShifts = 0;
  slowShifts = 0;
  readonly #source: PacketBytes;

  constructor(source: PacketBytes) {
    this.#source = source;
  }

  /** Bytes of a packet. */
  length(p: number): number {
    return this.#source.memory.length[p]!;
  }

  /** A view of its bytes; not for paths where every packet goes. */
  data(p: number): Uint8Array {
    const { bytes, offset, length } = this.#source.memory;
    return bytes.subarray(offset[p]!, offset[p]! + length[p]!);
  }

  /** Bytes before its data. */
  headroom(p: number): number {
    return this.#source.memory.offset[p]! - p * STRIDE;
  }

  /** Adds bytes at the end. */
  append(p: number, bytes: Uint8Array): number {
    const { memory } = this.#source;
    const end = this.#grown(p, bytes.length);
    memory.bytes.set(bytes, memory.offset[p]! + end - bytes.length);
    this.#source.chargeCopy(bytes.length);
    return p;
  }

  /** Adds bytes at the start. */
  prepend(p: number, bytes: Uint8Array): number {
    this.shiftright(p, bytes.length);
    this.#source.memory.bytes.set(bytes, this.#source.memory.offset[p]!);
    this.#source.chargeCopy(bytes.length);
    return p;
  }

  /** Sets the length; what is new is zero. */
  resize(p: number, length: number): number {
    const { memory } = this.#source;
    const before = memory.length[p]!;
    memory.note(p);
    this.#grown(p, length - before);
    if (length > before) {
      memory.bytes.fill(0, memory.offset[p]! + before, memory.offset[p]! + length);
    }
    return p;
  }

  /** Drops bytes at the start: "moves data to the left". */
  shiftleft(p: number, n: number): number {
    const { memory } = this.#source;
    const from = memory.offset[p]!;
    const length = memory.length[p]!;
    if (!(n >= 0 && n <= length)) {
      throw new RangeError(`Cannot shift packet ${p} left by ${n}: it has ${length} bytes`);
    }
    memory.note(p);
    if (isValid(this.headroom(p) + n)) {
      memory.offset[p] = from + n;
      this.fastShifts++;
    } else {
      memory.offset[p] = p * STRIDE + DEFAULT_HEADROOM;
      this.#move(from + n, memory.offset[p]!, length - n);
    }
    memory.length[p] = length - n;
    return p;
  }

  /** Makes room at the start, whose bytes are whatever they were: "moves data to the right". */
  shiftright(p: number, n: number): number {
    const { memory } = this.#source;
    const from = memory.offset[p]!;
    const length = memory.length[p]!;
    memory.note(p);
    this.#grown(p, n);
    if (isValid(this.headroom(p) - n)) {
      memory.offset[p] = from - n;
      this.fastShifts++;
    } else {
      memory.offset[p] = p * STRIDE + DEFAULT_HEADROOM;
      this.#move(from, memory.offset[p]! + n, length);
    }
    memory.note(p);
    return p;
  }

  #move(from: number, to: number, n: number): void {
    this.#source.memory.copyWithin(from, to, n);
    this.#source.chargeCopy(n);
    this.slowShifts++;
  }

  /** Adds to the length; answers the new one. */
  #grown(p: number, n: number): number {
    const { memory } = this.#source;
    const length = memory.length[p]! + n;
    if (!(length >= 0 && length <= MAX_PAYLOAD)) {
      throw new RangeError(
        `Cannot make packet ${p} ${length} bytes long: packet payload overflow, at most ${MAX_PAYLOAD}`,
      );
    }
    memory.length[p] = length;
    return length;
  }
}

/** Whether data may begin so many bytes into a packet (headroom_valid): drivers want an even address. */
function isValid(headroom: number): boolean {
  return headroom >= 0 && headroom < PACKET_ALIGNMENT && (headroom & 1) === 0;
}
