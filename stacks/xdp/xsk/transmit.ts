/**
 * How frames of a process leave: in copy mode in its system call, each in an skb of its own, in zero-copy mode in the
 * driver's poll. Either way a slot of the COMPLETION ring is reserved first, and filled when the frame was sent.
 * Source: net/xdp/xsk.c (__xsk_generic_xmit, xsk_tx_peek_desc, xsk_destruct_skb).
 */
import type { FrameOwner } from "../../../core/linux/ixgbe_tx.ts";
import { STRIDE } from "../../../core/memory/memory.ts";
import type { Cpu, Env } from "../../../core/stack.ts";
import { txRingOf, type XdpDevices } from "../devices.ts";
import type { XskSocket } from "./socket.ts";
import { CHUNK_BYTES } from "./umem.ts";

/** Descriptors of one system call, and of one round of a shared UMEM (TX_BATCH_SIZE, MAX_PER_SOCKET_BUDGET). */
export const XSK_TX_BATCH = 32;
/** Bytes that one cost of copying covers. */
export const COPY_UNIT = 64;

/** Answers of a system call. */
export type SendAnswer = "sent" | "again";

/** The transmit half of all sockets. */
export class XskTransmit {
  readonly #env: Env;
  readonly #devices: () => XdpDevices;
  /** Says that a socket has news for its process. */
  readonly #tell: (cpu: Cpu, socket: XskSocket) => void;
  readonly #owners = new Map<XskSocket, FrameOwner>();
  /** By buffer in a transmit ring, the chunk whose completion it owes. */
  readonly #owed = new Map<number, number>();

  constructor(env: Env, devices: () => XdpDevices, tell: (cpu: Cpu, socket: XskSocket) => void) {
    this.#env = env;
    this.#devices = devices;
    this.#tell = tell;
  }

  /** Frames of a socket's TX ring to the driver's, in its poll (xsk_tx_peek_release_desc_batch). */
  xmitZeroCopy(cpu: Cpu, socket: XskSocket): void {
    const tx = txRingOf(this.#devices(), socket.port, socket.queue);
    for (let n = 0; n < XSK_TX_BATCH; n++) {
      if (tx.unused === 0 || !socket.completion.reserve(0)) break;
      const at = socket.nextTx();
      if (at < 0) {
        socket.completion.cancel();
        break;
      }
      cpu.charge(this.#devices().costs.xsk_tx);
      const chunk = socket.umem.chunkAt(socket.tx.addr[at]!);
      const buffer = socket.umem.bufferOf(chunk);
      this.#place(buffer, socket.tx.addr[at]!, chunk, socket.tx.len[at]!);
      this.#owe(socket, buffer, chunk);
      tx.xmitFrame(cpu, buffer, this.#ownerOf(socket));
    }
    socket.tx.release();
    tx.flush(cpu);
  }

  /** sendto() of a process, copy mode (__xsk_generic_xmit). */
  send(cpu: Cpu, socket: XskSocket): SendAnswer {
    const { memory, pool } = this.#env;
    const { costs } = this.#devices();
    const tx = txRingOf(this.#devices(), socket.port, socket.queue);
    for (let n = 0; n < XSK_TX_BATCH; n++) {
      if (!socket.completion.reserve(0)) return this.#stop(socket, "again");
      const at = socket.nextTx();
      if (at < 0) {
        socket.completion.cancel();
        return this.#stop(socket, "sent");
      }
      const skb = tx.unused === 0 ? -1 : pool.get(cpu.lcore);
      if (skb < 0) {
        // NETDEV_TX_BUSY or no memory: nothing is lost, the descriptor stays
        socket.completion.cancel();
        socket.tx.unpeek();
        return this.#stop(socket, "again");
      }
      const length = socket.tx.len[at]!;
      const chunk = socket.umem.chunkAt(socket.tx.addr[at]!);
      const buffer = socket.umem.bufferOf(chunk);
      cpu.charge(costs.xsk_tx + costs.xsk_copy + Math.ceil(length / COPY_UNIT) - 1);
      this.#place(buffer, socket.tx.addr[at]!, chunk, length);
      memory.copy(buffer, skb);
      this.#owe(socket, skb, chunk);
      tx.xmitFrame(cpu, skb, this.#ownerOf(socket));
      tx.flush(cpu);
    }
    return this.#stop(socket, socket.tx.ready > 0 ? "again" : "sent");
  }

  #stop(socket: XskSocket, answer: SendAnswer): SendAnswer {
    socket.tx.release();
    return answer;
  }

  /** The frame is where the descriptor says that it is. */
  #place(buffer: number, addr: number, chunk: number, length: number): void {
    const { memory } = this.#env;
    memory.note(buffer);
    memory.offset[buffer] = buffer * STRIDE + addr - chunk * CHUNK_BYTES;
    memory.length[buffer] = length;
  }

  #owe(socket: XskSocket, buffer: number, chunk: number): void {
    this.#owed.set(buffer, chunk);
    socket.inFlight.add(chunk);
    // counted, not what was reserved: XDP-15 is that the two agree
    const { inFlight, completion } = socket;
    socket.owedMost = Math.max(socket.owedMost, inFlight.size + completion.count);
  }

  #ownerOf(socket: XskSocket): FrameOwner {
    let owner = this.#owners.get(socket);
    if (owner === undefined) {
      owner = { sent: (cpu, frame) => this.#sent(cpu, socket, frame) };
      this.#owners.set(socket, owner);
    }
    return owner;
  }

  /** A frame was sent: its address is published in COMPLETION (xsk_destruct_skb, xsk_tx_completed). */
  #sent(cpu: Cpu, socket: XskSocket, frame: number): void {
    const chunk = this.#owed.get(frame)!;
    cpu.charge(this.#devices().costs.tx_clean);
    this.#owed.delete(frame);
    socket.inFlight.delete(chunk);
    socket.sent++;
    const { completion } = socket;
    completion.addr[completion.producer & (completion.size - 1)] = chunk * CHUNK_BYTES;
    completion.submit(1);
    if (!socket.zeroCopy) this.#env.pool.put(cpu.lcore, frame);
    this.#tell(cpu, socket);
  }
}
