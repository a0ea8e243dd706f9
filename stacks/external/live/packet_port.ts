/**
 * A port on an interface: an AF_PACKET socket with a ring for each direction (packet(7); TPACKET_V2 of
 * linux/if_packet.h). The rings are shared with the kernel, which may run on another processor: a status word
 * is read atomically before its frame, and frames are read before an atomic write hands them back. What waits to
 * be sent is read by this thread itself, in the system call of `flush`, and needs no such care.
 *
 * Who owns what: a receive slot is the kernel's until its status says USER, then ours until `release`; released
 * ones go back some at a time, and all when nothing is left to receive. A transmit slot is ours while its status
 * is AVAILABLE; `transmit` fills it and gives it away, `flush` makes the kernel send all that were given. On veth
 * it comes back before the far end has read the frame, so whoever sends more than a ring full must know that it was
 * received. The kernel's own stack gets every frame besides.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import * as P from "./if_packet.ts";
import { ERRNO, errno, failure, type Libc, succeeded, u32s } from "./libc.ts";
import { finishChecksum, putTagBack, TAG_BYTES } from "./offloads.ts";
import { closeSocket, openSocket, type PacketSocket } from "./packet_socket.ts";
import { replaceRefused } from "./refused.ts";

const MSG_DONTWAIT = 0x40;
/** Receive slots that go back together; divides the number of slots. */
const TOGETHER = P.BLOCK / P.SLOT;

/** Sizes of a port. */
export interface PacketPortOptions {
  /** Slots of each ring, a multiple of 32; 1024. */
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
  readonly #view: DataView;
  readonly #pollFd: Uint8Array<ArrayBuffer>;
  readonly #drops: boolean;
  #rx = 0;
  /** The first slot that was released and not given back; never behind `#rx`. */
  #held = 0;
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
    const { libc, fd, rings } = this.#socket = openSocket(index, name, slots);
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
    const at = this.#rx * P.SLOT;
    const status = Atomics.load(this.words, at / 4);
    if ((status & P.STATUS.user) === 0) {
      // poll(2) takes a slot that we still have for a frame that is to be read
      if (this.#held !== this.#rx) this.#giveBack();
      return -1;
    }
    const start = at + this.#view.getUint16(at + P.TP_MAC, true);
    this.length = this.words[at / 4 + 2]!;
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
    const at = this.#rx * P.SLOT;
    return this.#view.getUint32(at + 16, true) * 1e9 + this.#view.getUint32(at + 20, true);
  }

  /** Done with the frame that `receive` answered. */
  release(): void {
    if (++this.#rx % TOGETHER === 0) this.#giveBack();
  }

  /** Gives the slots up to the next one back to the kernel: an atomic write, which all before it precedes, and others. */
  #giveBack(): void {
    Atomics.store(this.words, this.#held * P.SLOT / 4, 0);
    while (++this.#held < this.#rx) this.words[this.#held * P.SLOT / 4] = 0;
    if (this.#rx === this.#slots) this.#rx = this.#held = 0;
  }

  /**
   * Puts a frame into the transmit ring; false when it is full. It goes with the next `flush`.
   * @throws {RangeError} when a slot does not hold it
   */
  transmit(from: Uint8Array, offset: number, length: number): boolean {
    const at = this.#slot(length);
    if (at < 0) return false;
    this.bytes.set(from.subarray(offset, offset + length), at + P.TX_DATA);
    this.#give(at, length);
    return true;
  }

  /** As `transmit`, of bytes that are also there as words. */
  send(from: Uint8Array, fromWords: Int32Array, offset: number, length: number): boolean {
    const at = this.#slot(length);
    if (at < 0) return false;
    copyFrame(from, fromWords, offset, this.bytes, this.words, at + P.TX_DATA, length);
    this.#give(at, length);
    return true;
  }

  /** Where the next transmit slot begins, or -1 when the kernel still has it. */
  #slot(length: number): number {
    if (length > P.SLOT_FRAME_MAX) {
      throw new RangeError(`Cannot send ${length} bytes on ${this.name}: more than a slot holds`);
    }
    const at = (this.#slots + this.#tx) * P.SLOT;
    return Atomics.load(this.words, at / 4) === 0 ? at : -1;
  }

  #give(at: number, length: number): void {
    this.words[(at + P.TX_HDR_LEN) / 4] = length;
    this.words[at / 4 + 1] = P.VNET_HEADER + length;
    this.words[at / 4] = P.STATUS.request;
    this.#tx = this.#tx + 1 === this.#slots ? 0 : this.#tx + 1;
    this.#waiting++;
  }

  /**
   * Sends what waits in the transmit ring.
   * @throws {SystemCallError} when the interface is down or does not take a frame
   */
  flush(): void {
    if (this.#waiting === 0) return;
    const from = (this.#tx - this.#waiting + this.#slots) % this.#slots;
    this.#waiting = 0;
    while (this.#libc.send(this.fd, null, 0, MSG_DONTWAIT) < 0) {
      const error = errno(this.#libc);
      const isReplaced = error === ERRNO.ENOBUFS && this.#drops &&
        replaceRefused(this.bytes, this.words, this.#slots, from);
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
