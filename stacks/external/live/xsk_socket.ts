/** An AF_XDP socket with its memory and its four rings (linux/if_xdp.h), in copy mode on queue 0. */
import { closeLibc, ERRNO, errno, failure, type Libc, openLibc, succeeded, u32s } from "./libc.ts";
import { attachXsk, type XskMode } from "./xsk_program.ts";
import { type XskOffsets, XskRing } from "./xsk_rings.ts";

const AF_XDP = 44;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const SOL_XDP = 283;
const XDP = { offsets: 1, rx: 2, tx: 3, umem: 4, fill: 5, completion: 6, statistics: 7 };
const MAP_AT = { rx: 0n, tx: 0x80000000n, fill: 0x100000000n, completion: 0x180000000n };
const BIND_COPY = 2;
/** While a queue is somebody's, so many more attempts, so many milliseconds apart. */
const BUSY_LOOKS = 100;
const BUSY_MS = 10;
const PROT_READ_WRITE = 3;
const MAP_SHARED_POPULATE = 1 | 0x8000;
const MAP_PRIVATE_ANON_POPULATE = 2 | 0x20 | 0x8000;
/** Bytes of a chunk of the memory, which holds one frame. */
export const CHUNK = 2048;
/**
 * Chunks for what comes, and entries of the rings that they go through. So many frames wait where a start at full rate
 * finds loops that are not compiled yet: half as many were too few, at 320,000 frames a second, by 600 to 7,000.
 */
export const RX_RING = 32_768;
/** Chunks for what goes, and entries of their rings. */
export const TX_RING = 4096;
const UMEM_BYTES = (RX_RING + TX_RING) * CHUNK;

/** Frames that were lost, as XDP_STATISTICS counts them; those that found no chunk are among the first. */
const LOST_AT = { rxDropped: 0, rxRingFull: 24 };

/** The socket. */
export class XskSocket {
  readonly libc: Libc;
  readonly fd: number;
  /** Memory shared with the kernel. */
  readonly umem: ArrayBuffer;
  readonly fill: XskRing;
  readonly completion: XskRing;
  readonly rx: XskRing;
  readonly tx: XskRing;
  readonly #name: string;
  readonly #fds: number[] = [];
  readonly #maps: (readonly [Deno.PointerObject, bigint])[] = [];

  /**
   * Opens the socket on an interface of the calling thread's namespace and attaches the program.
   * @throws {SystemCallError} without CAP_NET_RAW, CAP_BPF and CAP_NET_ADMIN, which a user namespace does not give
   */
  constructor(index: number, name: string, mode: XskMode) {
    this.#name = name;
    const libc = openLibc();
    this.libc = libc;
    const needs = "it needs root: CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF";
    try {
      const socket = libc.socket(AF_XDP, SOCK_RAW_CLOEXEC, 0);
      this.fd = succeeded(libc, socket, `open an AF_XDP socket on ${name} (${needs})`);
      this.#fds.push(this.fd);
      this.umem = this.#map(UMEM_BYTES, MAP_PRIVATE_ANON_POPULATE, -1, 0n);
      this.#register();
      for (const ring of [XDP.rx, XDP.fill]) this.#set(ring, u32s(RX_RING));
      for (const ring of [XDP.tx, XDP.completion]) this.#set(ring, u32s(TX_RING));
      const [rx, tx, fill, completion] = this.#offsets();
      this.rx = this.#ring(MAP_AT.rx, rx!, RX_RING, 4, false);
      this.tx = this.#ring(MAP_AT.tx, tx!, TX_RING, 4, true);
      this.fill = this.#ring(MAP_AT.fill, fill!, RX_RING, 2, true);
      this.completion = this.#ring(MAP_AT.completion, completion!, TX_RING, 2, false);
      this.#bind(index);
      const driver = mode === "native" ? ", and a driver that takes one" : "";
      const what = `attach a program to ${name} (${needs}${driver})`;
      this.#fds.push(...attachXsk(libc, this.fd, index, mode, what));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #ring(at: bigint, of: XskOffsets, size: number, words: number, isProducer: boolean): XskRing {
    const mapping = this.#map(of.entries + size * words * 4, MAP_SHARED_POPULATE, this.fd, at);
    return new XskRing(mapping, of, size, words, isProducer);
  }

  #map(bytes: number, flags: number, fd: number, at: bigint): ArrayBuffer {
    const size = BigInt(bytes);
    const memory = this.libc.mmap(null, size, PROT_READ_WRITE, flags, fd, at);
    if (memory === null || Deno.UnsafePointer.value(memory) === 2n ** 64n - 1n) {
      throw failure(this.libc, `map the rings of ${this.#name}`);
    }
    this.#maps.push([memory, size]);
    return Deno.UnsafePointerView.getArrayBuffer(memory, bytes);
  }

  #register(): void {
    const value = new Uint8Array(32);
    const view = new DataView(value.buffer);
    view.setBigUint64(0, BigInt(Deno.UnsafePointer.value(this.#maps[0]![0])), true);
    view.setBigUint64(8, BigInt(UMEM_BYTES), true);
    view.setUint32(16, CHUNK, true);
    this.#set(XDP.umem, value);
  }

  /** Where producer, consumer and entries of the rings lie: receive, transmit, fill, completion. */
  #offsets(): XskOffsets[] {
    const value = new Uint8Array(128);
    const got = this.libc.getsockopt(this.fd, SOL_XDP, XDP.offsets, value, u32s(value.length));
    succeeded(this.libc, got, `read where the rings of ${this.#name} lie`);
    const view = new DataView(value.buffer);
    const at = (i: number) => Number(view.getBigUint64(i, true));
    return [0, 32, 64, 96].map((i) => ({
      producer: at(i),
      consumer: at(i + 8),
      entries: at(i + 16),
    }));
  }

  #bind(index: number): void {
    const value = new Uint8Array(16);
    const view = new DataView(value.buffer);
    view.setUint16(0, AF_XDP, true);
    view.setUint16(2, BIND_COPY, true);
    view.setUint32(4, index, true);
    let bound = this.libc.bind(this.fd, value, 16);
    // the memory of a socket before leaves the queue some time after that was closed (xdp_umem_release_deferred)
    for (let n = 0; bound < 0 && n < BUSY_LOOKS && errno(this.libc) === ERRNO.EBUSY; n++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
      bound = this.libc.bind(this.fd, value, 16);
    }
    succeeded(this.libc, bound, `bind an AF_XDP socket to ${this.#name}`);
  }

  /** Frames that the socket has lost since it was opened. */
  lost(): number {
    const value = new Uint8Array(48);
    const got = this.libc.getsockopt(this.fd, SOL_XDP, XDP.statistics, value, u32s(value.length));
    succeeded(this.libc, got, `read the statistics of ${this.#name}`);
    const view = new DataView(value.buffer);
    return Object.values(LOST_AT).reduce((sum, at) => sum + Number(view.getBigUint64(at, true)), 0);
  }

  /** Detaches the program and lets go of everything. */
  close(): void {
    for (const fd of this.#fds.splice(0).reverse()) this.libc.close(fd);
    for (const [memory, size] of this.#maps.splice(0)) this.libc.munmap(memory, size);
    closeLibc();
  }

  #set(option: number, value: Uint8Array<ArrayBuffer>): void {
    const done = this.libc.setsockopt(this.fd, SOL_XDP, option, value, value.length);
    succeeded(this.libc, done, `set option ${option} of an AF_XDP socket on ${this.#name}`);
  }
}
