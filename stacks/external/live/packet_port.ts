/**
 * A port on an interface: an AF_PACKET socket with a ring for each direction (packet(7); TPACKET_V2 of
 * linux/if_packet.h). The rings are shared with the kernel; status words are read and written atomically, so
 * that the bytes of a frame are seen before its status on every machine.
 *
 * Who owns what: a receive slot is the kernel's until its status says USER, then ours until `release`. A
 * transmit slot is ours while its status is AVAILABLE; `transmit` fills it and gives it away, `flush` makes
 * the kernel send all that were given. veth hands a slot back before the far end has read the frame: whoever
 * sends more than a ring full must know that what was sent has been received.
 * The kernel's own stack gets every frame besides.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import * as P from "./if_packet.ts";
import { closeLibc, ERRNO, errno, failure, type Libc, succeeded, u32s } from "./libc.ts";
import { openSocket } from "./packet_socket.ts";
import { replaceRefused } from "./refused.ts";

const MSG_DONTWAIT = 0x40;
const ETHERTYPE_VLAN = 0x8100;

/** Sizes of a port. */
export interface PacketPortOptions {
  /** Slots of each ring, a multiple of 32; 1024. */
  readonly slots?: number;
  /** Whether a frame that the other end of the link is too small for is dropped there, as on a wire; else an error. */
  readonly drops?: boolean;
}

/** A port. Opened in the namespace of the calling thread, where it stays. */
export class PacketPort implements FramePort {
  readonly #libc: Libc;
  readonly fd: number;
  readonly name: string;
  readonly isOver = false;
  readonly #slots: number;
  readonly #memory: Deno.PointerObject;
  readonly #mapped: bigint;
  readonly #view: DataView;
  readonly #pollFd = new Uint8Array(8);
  readonly #drops: boolean;
  #rx = 0;
  #tx = 0;
  #waiting = 0;
  /** The bytes of both rings, and their words. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;

  /**
   * Opens a port on interface `index`; `name` is for the texts of errors.
   *
   * @throws {RangeError} when `slots` is not a positive multiple of 32
   * @throws {SystemCallError} without CAP_NET_RAW, or when there is no such interface
   */
  constructor(
    index: number,
    name: string,
    { slots = 1024, drops = false }: PacketPortOptions = {},
  ) {
    if (!(Number.isInteger(slots) && slots > 0 && slots % (P.BLOCK / P.SLOT) === 0)) {
      throw new RangeError(`Cannot open a port on ${name}: slots ${slots} is no multiple of 32`);
    }
    const socket = openSocket(index, name, slots);
    this.#libc = socket.libc;
    this.fd = socket.fd;
    this.#memory = socket.memory;
    this.#mapped = socket.mapped;
    this.name = name;
    this.#slots = slots;
    this.#drops = drops;
    const buffer = Deno.UnsafePointerView.getArrayBuffer(socket.memory, Number(socket.mapped));
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.#view = new DataView(buffer);
    new DataView(this.#pollFd.buffer).setInt32(0, this.fd, true);
    new DataView(this.#pollFd.buffer).setUint16(4, 1, true); // POLLIN
  }

  /**
   * Where the next received frame begins in `bytes`, or -1 when there is none. Its length is `length`; it stays
   * until `release`. An 802.1Q tag, which the kernel takes out, is put back.
   */
  receive(): number {
    const at = this.#rx * P.SLOT;
    const status = Atomics.load(this.words, at / 4);
    if ((status & P.STATUS.user) === 0) return -1;
    const start = at + this.#view.getUint16(at + 12, true);
    this.length = this.#view.getUint32(at + 8, true);
    return (status & P.STATUS.vlanValid) === 0 ? start : this.#retag(at, start, status);
  }

  /** Length of the frame that `receive` answered. */
  length = 0;

  #retag(at: number, start: number, status: number): number {
    const { bytes } = this;
    bytes.copyWithin(start - 4, start, start + 12);
    const tpid = (status & P.STATUS.tpidValid) === 0
      ? ETHERTYPE_VLAN
      : this.#view.getUint16(at + 26, true);
    this.#view.setUint16(start + 8, tpid);
    this.#view.setUint16(start + 10, this.#view.getUint16(at + 24, true));
    this.length += 4;
    return start - 4;
  }

  /** When the kernel received the frame that `receive` answered, in nanoseconds since 1970. */
  stampNs(): number {
    const at = this.#rx * P.SLOT;
    return this.#view.getUint32(at + 16, true) * 1e9 + this.#view.getUint32(at + 20, true);
  }

  /** Gives the slot of the frame that `receive` answered back to the kernel. */
  release(): void {
    Atomics.store(this.words, this.#rx * P.SLOT / 4, 0);
    this.#rx = this.#rx + 1 === this.#slots ? 0 : this.#rx + 1;
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
    this.#view.setUint32(at + 4, length, true);
    Atomics.store(this.words, at / 4, P.STATUS.request);
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
    const option = P.PACKET.statistics;
    const got = this.#libc.getsockopt(this.fd, P.SOL_PACKET, option, value, u32s(8));
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
    this.#libc.munmap(this.#memory, this.#mapped);
    this.#libc.close(this.fd);
    closeLibc();
  }
}
