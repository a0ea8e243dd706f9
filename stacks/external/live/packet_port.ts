/**
 * A port on an interface: an AF_PACKET socket with a ring for each direction (packet(7); TPACKET_V2 of
 * linux/if_packet.h). The rings are shared with the kernel, which may run on another processor: between
 * the status words of some slots and their frames is a fence, and frames are read before an atomic write hands them
 * back. What waits to be sent is read by this thread itself, in the system call of `flush`, and needs no such care.
 *
 * Who owns what: a receive slot is the kernel's until its status says USER, then ours until `release`; those that one
 * look found go back together. A transmit slot is ours while its status is AVAILABLE; `transmit` fills it and gives it
 * away, `flush` makes the kernel send all that were given. On veth it comes back before the far end has read the frame,
 * so whoever sends more than a ring full must know that it was received. The kernel's own stack gets every frame besides.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import * as P from "./if_packet.ts";
import { ERRNO, errno, failure, type Libc, succeeded, u32s } from "./libc.ts";
import { finishChecksum, putTagBack, TAG_BYTES } from "./offloads.ts";
import { closeSocket, openSocket, type PacketSocket } from "./packet_socket.ts";
import { replaceRefused } from "./refused.ts";

const MSG_DONTWAIT = 0x40;
/** Receive slots that are looked at together; divides the number of slots. */
const TOGETHER = P.BLOCK / P.SLOT;
/** Transmit slots at most: what waits for a link. More of them are in no cache when their turn comes. */
const TX_SLOTS = 512;
// an import is looked up at each use
const { SLOT, SLOT_FRAME_MAX, TP_MAC, TX_DATA, TX_HDR_LEN, VNET_HEADER } = P;
const { user: USER, request: REQUEST } = P.STATUS;
/** That the kernel left something to the NIC. */
const LEFT = P.STATUS.checksumNotReady | P.STATUS.vlanValid;

/** Sizes of a port. */
export interface PacketPortOptions {
  /** Slots of the receive ring, a multiple of 32, and of the transmit ring, up to 512 of them; 1024. */
  readonly slots?: number;
  /** Whether a frame that the other end of the link is too small for is dropped there, as on a wire; else an error. */
  readonly drops?: boolean;
}

/** A port. Opened in the namespace of the calling thread, where it stays. */
export class PacketPort implements FramePort {
  readonly #socket: PacketSocket;
  readonly #libc: Libc;
  readonly fd: number;
  readonly name: string;
  readonly isOver = false;
  readonly #slots: number;
  readonly #txSlots: number;
  readonly #view: DataView;
  readonly #pollFd: Uint8Array<ArrayBuffer>;
  readonly #drops: boolean;
  #rx = 0;
  /** The first slot that was released and not given back; never behind `#rx`. */
  #held = 0;
  /** Slots from `#rx` up to this one are known to be ours. */
  #seen = 0;
  readonly #fenced = new Int32Array(1);
  #tx = 0;
  #waiting = 0;
  /** The bytes of both rings, and their words. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;

  /**
   * Opens a port on interface `index`; `name` is for the texts of errors.
   * @throws {RangeError} when `slots` is not a positive multiple of 32
   * @throws {SystemCallError} without CAP_NET_RAW, or when there is no such interface
   */
  constructor(
    index: number,
    name: string,
    { slots = 1024, drops = false }: PacketPortOptions = {},
  ) {
    if (!(Number.isInteger(slots) && slots > 0 && slots % TOGETHER === 0)) {
      throw new RangeError(`Cannot open a port on ${name}: slots ${slots} is no multiple of 32`);
    }
    this.#txSlots = Math.min(slots, TX_SLOTS);
    const { libc, fd, rings } = this.#socket = openSocket(index, name, slots, this.#txSlots);
    [this.#libc, this.fd] = [libc, fd];
    [this.name, this.#slots, this.#drops] = [name, slots, drops];
    this.bytes = new Uint8Array(rings);
    this.words = new Int32Array(rings);
    this.#view = new DataView(rings);
    this.#pollFd = u32s(this.fd, 1); // POLLIN
  }

  /**
   * Where the next received frame begins in `bytes`, or -1 when there is none. Its length is `length`; it stays
   * until `release`. What the kernel leaves to a NIC is done: an 802.1Q tag is put back, and the checksum of a
   * packet that this machine made, which an interface as veth passes on unfinished, is computed.
   */
  receive(): number {
    if (this.#rx === this.#seen && !this.#look()) return -1;
    const at = this.#rx * SLOT;
    const status = this.words[at / 4]!;
    this.length = this.words[at / 4 + 2]!;
    const start = at + (this.words[(at + TP_MAC) / 4]! & 0xffff);
    return (status & LEFT) === 0 ? start : this.#finish(at, start, status);
  }

  /** Looks which of the next slots are ours; answers whether any is. */
  #look(): boolean {
    if (this.#rx === this.#slots) this.#rx = this.#seen = this.#held = 0;
    const { words } = this;
    const end = Math.min(this.#rx + TOGETHER, this.#slots);
    let seen = this.#rx;
    while (seen < end && (words[seen * SLOT / 4]! & USER) !== 0) seen++;
    this.#seen = seen;
    // a fence: reads before it are before the write, those after it after the read, and these two are in order
    Atomics.store(this.#fenced, 0, 0);
    Atomics.load(this.#fenced, 0);
    return seen > this.#rx;
  }

  /** What the kernel leaves to a NIC; answers where the frame begins then. */
  #finish(at: number, start: number, status: number): number {
    // before the tag, which comes where the header is
    if ((status & P.STATUS.checksumNotReady) !== 0) {
      finishChecksum(this.bytes, this.#view, start, this.length);
    }
    if ((status & P.STATUS.vlanValid) === 0) return start;
    putTagBack(this.bytes, this.#view, at, start, status);
    this.length += TAG_BYTES;
    return start - TAG_BYTES;
  }

  /** Length of the frame that `receive` answered. */
  length = 0;

  /** When the kernel received the frame that `receive` answered, in nanoseconds since 1970. */
  stampNs(): number {
    const at = this.#rx * SLOT;
    return this.#view.getUint32(at + 16, true) * 1e9 + this.#view.getUint32(at + 20, true);
  }

  /** Done with the frame that `receive` answered. */
  release(): void {
    if (++this.#rx === this.#seen) this.#giveBack();
  }

  /** Gives the slots up to the next one back to the kernel: an atomic write, which all before it precede, and others. */
  #giveBack(): void {
    const { words } = this;
    Atomics.store(words, this.#held * SLOT / 4, 0);
    for (let slot = this.#held + 1; slot < this.#rx; slot++) words[slot * SLOT / 4] = 0;
    this.#held = this.#rx;
  }

  /**
   * Puts a frame into the transmit ring; false when it is full. It goes with the next `flush`.
   * @throws {RangeError} when a slot does not hold it
   */
  transmit(from: Uint8Array, offset: number, length: number): boolean {
    const at = this.#slot(length);
    if (at < 0) return false;
    this.bytes.set(from.subarray(offset, offset + length), at + TX_DATA);
    this.#give(at, length);
    return true;
  }

  /** As `transmit`, of bytes that are also there as words. */
  send(from: Uint8Array, fromWords: Int32Array, offset: number, length: number): boolean {
    const at = this.#slot(length);
    if (at < 0) return false;
    copyFrame(from, fromWords, offset, this.bytes, this.words, at + TX_DATA, length);
    this.#give(at, length);
    return true;
  }

  /** Where the next transmit slot begins, or -1 when the kernel still has it; it is written after its status is read. */
  #slot(length: number): number {
    if (length > SLOT_FRAME_MAX) {
      throw new RangeError(`Cannot send ${length} bytes on ${this.name}: more than a slot holds`);
    }
    const at = (this.#slots + this.#tx) * SLOT;
    return this.words[at / 4] === 0 ? at : -1;
  }

  #give(at: number, length: number): void {
    this.words[(at + TX_HDR_LEN) / 4] = length;
    this.words[at / 4 + 1] = VNET_HEADER + length;
    this.words[at / 4] = REQUEST;
    this.#tx = this.#tx + 1 === this.#txSlots ? 0 : this.#tx + 1;
    this.#waiting++;
  }

  /**
   * Sends what waits in the transmit ring.
   * @throws {SystemCallError} when the interface is down or does not take a frame
   */
  flush(): void {
    if (this.#waiting === 0) return;
    const from = (this.#tx - this.#waiting + this.#txSlots) % this.#txSlots;
    this.#waiting = 0;
    while (this.#libc.send(this.fd, null, 0, MSG_DONTWAIT) < 0) {
      const error = errno(this.#libc);
      const isReplaced = error === ERRNO.ENOBUFS && this.#drops &&
        replaceRefused(this.bytes, this.words, this.#slots, this.#txSlots, from);
      if (!isReplaced && error !== ERRNO.EINTR && error !== ERRNO.EAGAIN) {
        throw failure(this.#libc, `send on ${this.name}`, error);
      }
    }
  }

  /** Waits until a frame is there, at most so long; blocks the thread. */
  wait(ms: number): void {
    this.#libc.poll(this.#pollFd, 1n, ms);
  }

  /** Frames that the socket received and lost since it was last asked. */
  statistics(): P.PacketStatistics {
    const value = new Uint8Array(8);
    const got = this.#libc.getsockopt(this.fd, P.SOL_PACKET, P.PACKET.statistics, value, u32s(8));
    succeeded(this.#libc, got, `read the statistics of ${this.name}`);
    const [received, dropped] = new Uint32Array(value.buffer);
    return { received: received!, dropped: dropped! };
  }

  /** Frames that found the ring full since this, or `statistics`, was last asked. */
  missed(): number {
    return this.statistics().dropped;
  }

  /** Closes the port. Its `bytes` must not be touched any more. */
  close(): void {
    closeSocket(this.#socket);
  }
}
