/**
 * A port on an interface: an AF_PACKET socket with a ring for each direction (packet(7); TPACKET_V2 of
 * linux/if_packet.h). The rings are shared with the kernel; status words are read and written atomically, so
 * that the bytes of a frame are seen before its status on every machine.
 *
 * Who owns what: a receive slot is the kernel's until its status says USER, then ours until `release`. A
 * transmit slot is ours while its status is AVAILABLE; `transmit` fills it and gives it away, `flush` makes
 * the kernel send all that were given. veth hands a slot back before the far end has read the frame: whoever
 * sends more than a ring full must know that what was sent has been received.
 *
 * What the socket does with a frame does not depend on what the kernel's own stack does with it: both get it.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import { closeLibc, ERRNO, errno, failure, type Libc, openLibc, succeeded } from "./libc.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_PACKET = 263;
const PACKET = {
  ...{ addMembership: 1, rxRing: 5, statistics: 6, version: 10, reserve: 12, txRing: 13, loss: 14 },
  ...{ qdiscBypass: 20, ignoreOutgoing: 23 },
};
const TPACKET_V2 = 1;
/** All protocols, most significant byte first: before nft and tc see a frame. */
const ETH_P_ALL = [0, 3];
const MR_PROMISC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MSG_DONTWAIT = 0x40;
const BLOCK = 65536;
const SLOT = 2048;
const STATUS = { user: 1, vlanValid: 0x10, tpidValid: 0x40, request: 1, wrongFormat: 4 };
/** Where the bytes of a frame that is to be sent begin in its slot: TPACKET2_HDRLEN - sizeof(sockaddr_ll). */
const TX_DATA = 32;
/** Bytes before a received frame that put it on whole words: its network header lies on 16 bytes without them. */
const RESERVE = 2;
/** Longest frame that a slot takes. */
export const SLOT_FRAME_MAX: number = SLOT - 96;
const ETHERTYPE_VLAN = 0x8100;

/** Sizes of a port. */
export interface PacketPortOptions {
  /** Slots of each ring, a multiple of 32; 1024. */
  readonly slots?: number;
}

/** Received and dropped frames of the socket since it was last asked. */
export interface PacketStatistics {
  readonly received: number;
  /** Lost because the ring was full. */
  readonly dropped: number;
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
  constructor(index: number, name: string, { slots = 1024 }: PacketPortOptions = {}) {
    if (!(Number.isInteger(slots) && slots > 0 && slots % (BLOCK / SLOT) === 0)) {
      throw new RangeError(`Cannot open a port on ${name}: slots ${slots} is no multiple of 32`);
    }
    const libc = openLibc();
    this.#libc = libc;
    this.name = name;
    this.#slots = slots;
    // protocol 0 receives nothing until bound
    this.fd = succeeded(
      libc,
      libc.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0),
      `open a packet socket on ${name} (it needs CAP_NET_RAW: be root, or start it under ` +
        "`unshare -Urn`)",
    );
    this.#set(PACKET.version, u32s(TPACKET_V2));
    this.#set(PACKET.ignoreOutgoing, u32s(1));
    this.#set(PACKET.qdiscBypass, u32s(1));
    this.#set(PACKET.reserve, u32s(RESERVE));
    const ring = u32s(BLOCK, slots * SLOT / BLOCK, SLOT, slots);
    this.#set(PACKET.rxRing, ring);
    this.#set(PACKET.txRing, ring);
    this.#mapped = BigInt(2 * slots * SLOT);
    const memory = libc.mmap(null, this.#mapped, PROT_READ_WRITE, MAP_SHARED, this.fd, 0n);
    if (memory === null || Deno.UnsafePointer.value(memory) === 2n ** 64n - 1n) {
      throw failure(libc, `map the rings of ${name}`);
    }
    this.#memory = memory;
    const buffer = Deno.UnsafePointerView.getArrayBuffer(memory, Number(this.#mapped));
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.#view = new DataView(buffer);
    this.#bind(index);
    new DataView(this.#pollFd.buffer).setInt32(0, this.fd, true);
    new DataView(this.#pollFd.buffer).setUint16(4, 1, true); // POLLIN
  }

  #bind(index: number): void {
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    address.set(ETH_P_ALL, 2);
    view.setInt32(4, index, true);
    const bound = this.#libc.bind(this.fd, address, 20);
    succeeded(this.#libc, bound, `bind a packet socket to ${this.name}`);
    this.#set(PACKET.addMembership, u32s(index, MR_PROMISC, 0, 0));
  }

  /**
   * Where the next received frame begins in `bytes`, or -1 when there is none. Its length is `length`; it stays
   * until `release`. An 802.1Q tag, which the kernel takes out, is put back.
   */
  receive(): number {
    const at = this.#rx * SLOT;
    const status = Atomics.load(this.words, at / 4);
    if ((status & STATUS.user) === 0) return -1;
    const start = at + this.#view.getUint16(at + 12, true);
    this.length = this.#view.getUint32(at + 8, true);
    return (status & STATUS.vlanValid) === 0 ? start : this.#retag(at, start, status);
  }

  /** Length of the frame that `receive` answered. */
  length = 0;

  #retag(at: number, start: number, status: number): number {
    const { bytes } = this;
    bytes.copyWithin(start - 4, start, start + 12);
    const tpid = (status & STATUS.tpidValid) === 0
      ? ETHERTYPE_VLAN
      : this.#view.getUint16(at + 26, true);
    this.#view.setUint16(start + 8, tpid);
    this.#view.setUint16(start + 10, this.#view.getUint16(at + 24, true));
    this.length += 4;
    return start - 4;
  }

  /** When the kernel received the frame that `receive` answered, in nanoseconds since 1970. */
  stampNs(): number {
    const at = this.#rx * SLOT;
    return this.#view.getUint32(at + 16, true) * 1e9 + this.#view.getUint32(at + 20, true);
  }

  /** Gives the slot of the frame that `receive` answered back to the kernel. */
  release(): void {
    Atomics.store(this.words, this.#rx * SLOT / 4, 0);
    this.#rx = this.#rx + 1 === this.#slots ? 0 : this.#rx + 1;
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

  /** Where the next transmit slot begins, or -1 when the kernel still has it. */
  #slot(length: number): number {
    if (length > SLOT_FRAME_MAX) {
      throw new RangeError(`Cannot send ${length} bytes on ${this.name}: more than a slot holds`);
    }
    const at = (this.#slots + this.#tx) * SLOT;
    return Atomics.load(this.words, at / 4) === 0 ? at : -1;
  }

  #give(at: number, length: number): void {
    this.#view.setUint32(at + 4, length, true);
    Atomics.store(this.words, at / 4, STATUS.request);
    this.#tx = this.#tx + 1 === this.#slots ? 0 : this.#tx + 1;
    this.#waiting++;
  }

  /**
   * Sends what waits in the transmit ring.
   * @throws {SystemCallError} when the interface is down or does not take a frame
   */
  flush(): void {
    if (this.#waiting === 0) return;
    this.#waiting = 0;
    for (;;) {
      if (this.#libc.send(this.fd, null, 0, MSG_DONTWAIT) >= 0) return;
      const error = errno(this.#libc);
      if (error !== ERRNO.EINTR && error !== ERRNO.EAGAIN) {
        throw failure(this.#libc, `send on ${this.name}`, error);
      }
    }
  }

  /** Waits until a frame is there, at most so long; blocks the thread. */
  wait(ms: number): void {
    this.#libc.poll(this.#pollFd, 1n, ms);
  }

  /** Frames that the socket received and lost since it was last asked. */
  statistics(): PacketStatistics {
    const value = new Uint32Array(2);
    const size = u32s(8);
    const got = this.#libc.getsockopt(
      this.fd,
      SOL_PACKET,
      PACKET.statistics,
      new Uint8Array(value.buffer),
      size,
    );
    succeeded(this.#libc, got, `read the statistics of ${this.name}`);
    return { received: value[0]!, dropped: value[1]! };
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

  #set(option: number, value: Uint8Array<ArrayBuffer>): void {
    const done = this.#libc.setsockopt(this.fd, SOL_PACKET, option, value, value.length);
    succeeded(this.#libc, done, `set option ${option} of a packet socket on ${this.name}`);
  }
}

function u32s(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
