/**
 * The library as an application calls it (pfring_open, pfring_recv, pfring_poll, pfring_send, pfring_stats, ...): what it
 * reads and writes in the mapped ring by itself, and the system calls it makes.
 *
 * Source: PF_RING 8.9.0, userland/lib/pfring.c, pfring_mod.c.
 */
import type { Context } from "../../core/host/context.ts";
import type { Process } from "../../core/host/process.ts";
import type { NetifReceive } from "../../core/linux/netif_receive.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { ModuleCosts } from "./module_costs.ts";
import type { PfRingModule } from "./pf_ring_module.ts";
import { caplenAt, type PktHdr, readPktHdr } from "./pkthdr.ts";
import type { PfRingSocket } from "./socket.ts";

/** pfring_stats. */
export interface PfRingStats {
  readonly recv: number;
  readonly drop: number;
}

/** What became of a send. */
export type SendResult = "sent" | "no-buffer" | "dropped";

/** Instead of a copy's number: the frame is the application's own. */
export const OWN = -2;

/** What is to be sent. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
  /** The books' number of the copy that these bytes are, -1 where none is kept, or {@link OWN}. */
  readonly copy: number;
}

/** An open ring, in the hands of one process. */
export class PfRing {
  readonly socket: PfRingSocket;
  /** Where the packet that `recv` answered lies in `bytes`, and how much of it there is. */
  at = 0;
  caplen = 0;
  readonly #env: Env;
  readonly #module: PfRingModule;
  readonly #costs: ModuleCosts;
  readonly #receivers: readonly NetifReceive[];
  #held = false;

  constructor(
    env: Env,
    module: PfRingModule,
    costs: ModuleCosts,
    receivers: readonly NetifReceive[],
    socket: PfRingSocket,
  ) {
    this.#env = env;
    this.#module = module;
    this.#costs = costs;
    this.#receivers = receivers;
    this.socket = socket;
    module.sockets.push(socket);
  }

  /** The mapped ring. */
  get bytes(): Uint8Array {
    return this.socket.ring.bytes;
  }

  /**
   * pfring_recv without waiting and without a copy: whether there is a packet, which lies at `at` until `done`. A packet that
   * has been answered and not done with is answered again.
   */
  recv(cpu: Cpu): boolean {
    const { ring } = this.socket;
    const off = ring.peek((cpu as Context).nowPs);
    if (off < 0) {
      cpu.charge(this.#costs.recvEmpty);
      return false;
    }
    if (!this.#held) cpu.charge(this.#costs.recv);
    this.#held = true;
    this.at = off + ring.headerBytes;
    this.caplen = caplenAt(ring.view, off);
    return true;
  }

  /** pfring_recv into a buffer of the caller's: the second copy; answers the bytes copied, 0 when there is no packet. */
  recvInto(cpu: Cpu, buffer: Uint8Array): number {
    if (!this.recv(cpu)) return 0;
    const n = Math.min(this.caplen, buffer.length);
    buffer.set(this.bytes.subarray(this.at, this.at + n));
    cpu.charge(this.#costs.recvCopyBase + Math.ceil(n * this.#costs.copyByte));
    return n;
  }

  /** Header of the packet that `recv` has answered. */
  get hdr(): PktHdr {
    return readPktHdr(this.socket.ring.view, this.at - this.socket.ring.headerBytes);
  }

  /** The application is done with the packet that `recv` has answered: its slot is the kernel's again. */
  done(cpu: Cpu): void {
    this.#held = false;
    const copy = this.socket.ring.remove((cpu as Context).nowPs);
    if (copy >= 0) this.#env.memory.copyEnds(copy);
  }

  /** The application decides that the packet ends with it. */
  consume(cpu: Cpu, reason: number): void {
    if (this.socket.setup.carries) this.#env.dropCopy(cpu, this.socket.ring.firstCopy, reason);
    this.done(cpu);
  }

  /** pfring_send of the packet that `recv` has answered, out of a port, with what the application made of it. */
  forward(cpu: Cpu, process: Process, port: number): SendResult {
    const copy = this.socket.setup.carries ? this.socket.ring.firstCopy : -1;
    return this.send(cpu, process, port, {
      bytes: this.bytes,
      at: this.at,
      length: this.caplen,
      copy,
    });
  }

  /**
   * pfring_send: sendto(2), a skb of its own, dev_queue_xmit. What the queueing discipline drops is an error to the
   * application; without memory nothing is sent (ENOBUFS).
   */
  send(cpu: Cpu, process: Process, port: number, what: Outgoing): SendResult {
    const { memory, pool } = this.#env;
    const { send, skbAlloc, copyByte } = this.#costs;
    const { kernel } = this.socket.ring.info;
    const { bytes, at, length, copy } = what;
    process.call(cpu, send + skbAlloc + Math.ceil(length * copyByte));
    const skb = pool.get(cpu.lcore);
    if (skb < 0) return "no-buffer";
    memory.bytes.set(bytes.subarray(at, at + length), memory.offset[skb]!);
    memory.length[skb] = length;
    if (copy >= 0) memory.copiedIn(copy, skb);
    if (copy === OWN) this.#env.originate(skb);
    const receiver = this.#receivers[cpu.lcore]!;
    const { dropped } = receiver.qdiscs[port]!;
    receiver.xmit(cpu, skb, port);
    const lost = receiver.qdiscs[port]!.dropped > dropped;
    if (lost) kernel.pktSendError++;
    else kernel.goodPktSent++;
    return lost ? "dropped" : "sent";
  }

  /** pfring_poll: blocks until the watermark is reached or the poll duration is over. */
  poll(cpu: Cpu, process: Process): void {
    const { pollDurationMs, watermark } = this.socket.setup;
    process.call(cpu);
    this.socket.polls++;
    if (this.socket.ring.queued >= watermark) return;
    process.block(cpu, cpu.tsc() + pollDurationMs * 1000 * this.#env.cost("mhz"));
  }

  /** pfring_stats. */
  stats(): PfRingStats {
    const { user, kernel } = this.socket.ring.info;
    return { recv: user.totRead, drop: kernel.totLost };
  }

  /** pfring_close, or the end of the process: packets in the ring are given up; the socket is gone. */
  close(cpu: Cpu): void {
    this.#module.release(this.socket);
    while (this.socket.ring.queued > 0) {
      const copy = this.socket.ring.firstCopy;
      if (this.socket.setup.carries) this.#env.dropCopy(cpu, copy, REASON.consumed);
      this.socket.ring.remove((cpu as Context).nowPs);
      if (copy >= 0) this.#env.memory.copyEnds(copy);
    }
  }
}
