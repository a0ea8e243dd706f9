/**
 * A virtqueue in a guest's memory, as far as a switch needs it: buffers that the guest made available, in their order,
 * and buffers that the host has used. One buffer a packet. Source: VIRTIO 1.1, 2.6 (split virtqueues).
 */

/** One direction of a virtual NIC. */
export class Vring {
  /** Descriptors, a power of two. */
  readonly size: number;
  /** Bytes of each buffer. */
  readonly bufferBytes: number;
  /** Guest memory, `bufferBytes` for each descriptor. */
  readonly memory: Uint8Array;
  /** Bytes that are in each. */
  readonly length: Int32Array;
  /** Descriptors made available, and used, as they came; indices run freely. */
  availIdx = 0;
  usedIdx = 0;
  readonly #avail: Int32Array;
  readonly #used: Int32Array;

  /** Nothing available, nothing used. */
  constructor(size: number, bufferBytes: number) {
    this.size = size;
    this.bufferBytes = bufferBytes;
    this.memory = new Uint8Array(size * bufferBytes);
    this.length = new Int32Array(size);
    this.#avail = new Int32Array(size);
    this.#used = new Int32Array(size);
  }

  /** Guest: offers a descriptor; of a packet to be sent, with its bytes in it. */
  offer(descriptor: number, length = 0): void {
    this.length[descriptor] = length;
    this.#avail[this.availIdx++ & (this.size - 1)] = descriptor;
  }

  /** Host: the descriptor that was made available as number `index`. */
  available(index: number): number {
    return this.#avail[index & (this.size - 1)]!;
  }

  /** Host: gives a descriptor back, with so many bytes in it. */
  use(descriptor: number, length: number): void {
    this.length[descriptor] = length;
    this.#used[this.usedIdx++ & (this.size - 1)] = descriptor;
  }

  /** Guest: the descriptor that came back as number `index`. */
  used(index: number): number {
    return this.#used[index & (this.size - 1)]!;
  }

  /** The bytes of a descriptor's packet. */
  bytes(descriptor: number): Uint8Array {
    const at = descriptor * this.bufferBytes;
    return this.memory.subarray(at, at + this.length[descriptor]!);
  }
}

/** A guest's NIC: what it receives and what it sends. */
export interface VirtioNet {
  readonly rx: Vring;
  readonly tx: Vring;
}
