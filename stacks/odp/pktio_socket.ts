/**
 * The socket interface: a packet socket on a port, with one system call for a burst in each direction (recvmmsg,
 * sendmmsg). The kernel has received frames into buffers of its own; each is copied into a packet of the pool. What
 * finds no packet waits in the socket's queue. On the way out the kernel copies again, which is charged; the model
 * leaves the frame where it is. Between port and socket the kernel's way is not modelled: a poll-mode driver stands
 * for its interrupt, NAPI and skb, and `socket.packet` for what they cost.
 *
 * Source: platform/linux-generic/pktio/socket.c.
 */
import { freeChain } from "../../core/memory/mbuf_share.ts";
import { type ProcessCosts, processCosts } from "../../core/host/process.ts";
import type { Cpu, Port } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import { PktioDpdk, type Pollers } from "./pktio_dpdk.ts";
import type { PktioType } from "./pktio.ts";

/** Packets of one system call (CONFIG_BURST_SIZE). */
const MMSG_MAX = 32;

/** A packet socket. */
export class PktioSocket extends PktioDpdk {
  override readonly type: PktioType = "socket";
  /** System calls made. */
  calls = 0;
  /** Frames in the kernel's buffers, by input queue. */
  readonly #waiting: number[][];
  readonly #frames = new Int32Array(MMSG_MAX);
  readonly #host: ProcessCosts;

  constructor(odp: Odp, index: number, port: Port, pollers: Pollers | null) {
    super(odp, index, port, pollers, `eth${port.id}`);
    this.#host = processCosts(odp.env);
    this.#waiting = Array.from({ length: this.pktinQueues }, () => []);
  }

  override get kernelHolds(): readonly number[] {
    return this.#waiting.flat();
  }

  protected override recv(cpu: Cpu, queue: number, out: Int32Array, max: number): number {
    this.#call(cpu);
    const waiting = this.#waiting[queue]!;
    const most = Math.min(max, MMSG_MAX);
    if (waiting.length < most) {
      const got = super.recv(cpu, queue, this.#frames, most - waiting.length);
      cpu.charge(got * this.odp.costs["socket.packet"]);
      for (let i = 0; i < got; i++) waiting.push(this.#frames[i]!);
      this.received = got;
    }
    let n = 0;
    for (; n < most && waiting.length > 0; n++) {
      const b = this.#copy(cpu, waiting[0]!);
      if (b < 0) break;
      waiting.shift();
      out[n] = b;
    }
    return n;
  }

  protected override transmit(
    cpu: Cpu,
    queue: number,
    buffers: Int32Array,
    at: number,
    n: number,
  ): number {
    this.#call(cpu);
    for (let i = at; i < at + n; i++) this.#chargeCopy(cpu, buffers[i]!);
    cpu.charge(n * this.odp.costs["socket.packet"]);
    return super.transmit(cpu, queue, buffers, at, n);
  }

  #call(cpu: Cpu): void {
    this.calls++;
    cpu.charge(this.#host.syscall + this.odp.costs["socket.call"]);
  }

  #chargeCopy(cpu: Cpu, b: number): void {
    cpu.charge(this.odp.costs["copy.line"] * Math.ceil(this.odp.memory.length[b]! / 64));
  }

  /** From the kernel's buffer into a packet, or -1. */
  #copy(cpu: Cpu, frame: number): number {
    const { env: { pool }, memory } = this.odp;
    const b = pool.get(cpu.lcore);
    if (b < 0) return -1;
    this.#chargeCopy(cpu, frame);
    memory.copy(frame, b);
    freeChain(pool, cpu.lcore, frame);
    return b;
  }
}
