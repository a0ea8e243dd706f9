/**
 * A port on an interface: an AF_PACKET socket with a ring for each direction (packet(7); TPACKET_V2 of
 * linux/if_packet.h). A transmit slot is ours while its status is AVAILABLE; `transmit` fills it and gives it away,
 * `flush` makes the kernel send all that were given, in this thread. On veth it comes back before the far end has read
 * the frame, so whoever sends more than a ring full must know that it was received. The kernel's own stack gets every
 * frame besides.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import * as P from "./if_packet.ts";
import { ERRNO, errno, failure, type Libc, succeeded, u32s } from "./libc.ts";
import { closeSocket, openSocket, type PacketSocket } from "./packet_socket.ts";
import { ReceiveSlots, TOGETHER } from "./receive_slots.ts";
import { replaceRefused } from "./refused.ts";

const MSG_DONTWAIT = 0x40;
/** Transmit slots at most: what waits for a link. More of them are in no cache when their turn comes. */
const TX_SLOTS = 512;
// an import is looked up at each use
const { SLOT, SLOT_FRAME_MAX, TX_DATA, TX_HDR_LEN, VNET_HEADER } = P;
const REQUEST = P.STATUS.request;

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
  readonly #received: ReceiveSlots;
  readonly #pollFd: Uint8Array<ArrayBuffer>;
  readonly #drops: boolean;
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
    this.#received = new ReceiveSlots(this.bytes, this.words, slots);
    this.#pollFd = u32s(this.fd, 1); // POLLIN
  }

  /** See {@link ReceiveSlots.receive}. */
  receive(): number {
    return this.#received.receive();
  }

  /** Length of the frame that `receive` answered. */
  get length(): number {
    return this.#received.length;
  }

  /** When the kernel received the frame that `receive` answered, in nanoseconds since 1970. */
  stampNs(): number {
    return this.#received.stampNs();
  }

  /** Done with the frame that `receive` answered. */
  release(): void {
    this.#received.release();
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
