/**
 * A port on an interface by AF_XDP, with system calls alone: a program of six instructions redirects what comes by queue
 * 0 to the socket, before the kernel makes a packet buffer of it or, in generic mode, just after. Frames lie in memory
 * that is shared with the kernel (UMEM), its first chunks for what comes, the others for what goes.
 *
 * Who owns what: one of the first chunks is the kernel's while its address is in the fill ring, ours from the receive
 * ring until `release`; those that one look found go back together. One of the others is ours until it is in the
 * transmit ring, and again from the completion ring. The program stays attached as long as its link is open, which is at
 * most as long as this process lives.
 *
 * Source: Linux Documentation/networking/af_xdp.rst, linux/if_xdp.h.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import type { XskMode } from "./xsk_program.ts";
import { CHUNK, RX_RING, TX_RING, XskSocket } from "./xsk_socket.ts";

const MSG_DONTWAIT = 0x40;
/** Frames that are looked for, and given back, together at most. */
const TOGETHER = 32;

/** A port by AF_XDP, on queue 0 of an interface of the calling thread's namespace. */
export class XskPort implements FramePort {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly isOver = false;
  length = 0;
  readonly #socket: XskSocket;
  /** Chunks that frames may be sent from: the first `#free` of these. */
  readonly #chunks = new Int32Array(TX_RING);
  #free = 0;
  /** Frames that the last look found and that are not released. */
  #here = 0;
  #inHand = 0;
  #waiting = 0;
  #missed = 0;

  /**
   * Opens the port.
   * @throws {SystemCallError} without CAP_NET_RAW, CAP_BPF and CAP_NET_ADMIN, which a user namespace does not give
   */
  constructor(index: number, name: string, mode: XskMode) {
    this.name = name;
    this.#socket = new XskSocket(index, name, mode);
    const { umem, fill } = this.#socket;
    this.bytes = new Uint8Array(umem);
    this.words = new Int32Array(umem);
    for (let chunk = 0; chunk < RX_RING; chunk++) this.#give(chunk * CHUNK);
    fill.publish();
    for (let i = 0; i < TX_RING; i++) this.#chunks[i] = (RX_RING + i) * CHUNK;
    this.#free = TX_RING;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  /** One of the first chunks is the kernel's again, once it is told. */
  #give(chunk: number): void {
    const { fill } = this.#socket;
    fill.words[fill.next] = chunk;
    fill.words[fill.next + 1] = 0;
    fill.advance();
  }

  receive(): number {
    const { rx } = this.#socket;
    if (this.#here === 0) this.#here = Math.min(rx.available, TOGETHER);
    if (this.#here === 0) return -1;
    this.#inHand = rx.words[rx.next]!;
    this.length = rx.words[rx.next + 2]!;
    return this.#inHand;
  }

  stampNs(): number {
    return 0;
  }

  release(): void {
    const { rx, fill } = this.#socket;
    rx.advance();
    this.#give(this.#inHand & -CHUNK);
    if (--this.#here > 0) return;
    rx.publish();
    fill.publish();
  }

  send(bytes: Uint8Array, words: Int32Array, at: number, length: number): boolean {
    if (this.#free === 0 && !this.#reclaim()) return false;
    const chunk = this.#chunks[--this.#free]!;
    copyFrame(bytes, words, at, this.bytes, this.words, chunk, length);
    const { tx } = this.#socket;
    const entry = tx.next;
    tx.words[entry] = chunk;
    tx.words[entry + 1] = 0;
    tx.words[entry + 2] = length;
    tx.words[entry + 3] = 0;
    tx.advance();
    this.#waiting++;
    return true;
  }

  /** Takes chunks back whose frames were sent; answers whether any is free. */
  #reclaim(): boolean {
    const { completion } = this.#socket;
    for (let n = completion.available; n > 0; n--) {
      this.#chunks[this.#free++] = completion.words[completion.next]!;
      completion.advance();
    }
    completion.publish();
    return this.#free > 0;
  }

  flush(): void {
    const { libc, tx } = this.#socket;
    if (this.#waiting > 0) {
      this.#waiting = 0;
      tx.publish();
    } else if (tx.available === TX_RING) return;
    // in copy mode a call sends 32 frames at most; what is left goes with the next
    libc.send(this.fd, null, 0, MSG_DONTWAIT);
  }

  missed(): number {
    const lost = this.#socket.lost();
    const since = lost - this.#missed;
    this.#missed = lost;
    return since;
  }

  close(): void {
    this.#socket.close();
  }
}
