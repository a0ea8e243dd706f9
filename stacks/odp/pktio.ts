/**
 * A packet interface (`odp_pktio_t`): where packets come in, are parsed and classified, and where they leave. Each
 * type implements two calls, `recv` and `send`, as the operations table of linux-generic does; what stands here is
 * the same for all of them.
 *
 * Input: the caller, a thread or the scheduler, gets what its driver has received. Without a classifier all of it
 * is the caller's, or goes into the pktin event queue where the caller may not have it directly (ordered). With one,
 * each packet goes to the queue of its CoS.
 *
 * Source: platform/linux-generic/odp_packet_io.c, odp_packet_io_internal.h.
 */
import type { Context } from "../../core/host/context.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Classifier } from "./classification.ts";
import type { Odp } from "./odp.ts";
import type { OdpQueue } from "./queue.ts";

/** Type of an interface, by the names of linux-generic. */
export type PktioType = "dpdk" | "socket" | "loop" | "pcap";

/** What `odp_pktio_stats()` answers, of one direction. */
export class PktioCounters {
  octets = 0;
  packets = 0;
  ucast = 0;
  mcast = 0;
  bcast = 0;
  discards = 0;
  errors = 0;

  /** Counts a packet whose destination address is at `at`. */
  add(bytes: Uint8Array, at: number, length: number): void {
    this.octets += length;
    this.packets++;
    if ((bytes[at]! & 1) === 0) this.ucast++;
    else if (isBroadcast(bytes, at)) this.bcast++;
    else this.mcast++;
  }
}

function isBroadcast(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 6; i++) if (bytes[i] !== 0xff) return false;
  return true;
}

/** A pktout queue, with a lock where several threads send on it (ODP_PKTIO_OP_MT). */
export class PktoutQueue {
  readonly isShared: boolean;
  /** Until when it is held. */
  untilPs = -Infinity;
  /** Packets sent, and refused. */
  packets = 0;
  discards = 0;

  constructor(isShared: boolean) {
    this.isShared = isShared;
  }
}

/** A packet of the program's own with the bytes of a frame, or -1 when the pool is empty. */
export function packetOf({ env, memory }: Odp, lcore: number, frame: Uint8Array): number {
  const b = env.pool.get(lcore);
  if (b < 0) return -1;
  memory.bytes.set(frame, memory.offset[b]!);
  memory.length[b] = frame.length;
  return b;
}

/** An interface. */
export abstract class Pktio {
  /** Number and name. */
  readonly index: number;
  readonly name: string;
  abstract readonly type: PktioType;
  /** What is lost when `send` takes fewer than it was given: why, where, and how much fits there. */
  readonly shortSend: Reason = REASON["tx-full"];
  readonly sendPlace: number = -1;
  readonly sendSize: number = -1;
  readonly in: PktioCounters = new PktioCounters();
  readonly out: PktioCounters = new PktioCounters();
  /** Where each packet goes; none without a classifier. */
  classifier: Classifier | null = null;
  /** Between odp_pktio_start and odp_pktio_stop. */
  started = true;
  /** Packets that the last input moved, whoever they are for: 0 says that it changed nothing. */
  received = 0;
  /** Pktout queues by number. */
  readonly pktout: PktoutQueue[] = [];
  protected readonly odp: Odp;

  constructor(odp: Odp, index: number, name: string) {
    this.odp = odp;
    this.index = index;
    this.name = name;
  }

  /** Input queues that can be polled. */
  abstract readonly pktinQueues: number;
  /** The driver's receive call: up to `max` packets of an input queue into `out`. */
  protected abstract recv(cpu: Cpu, queue: number, out: Int32Array, max: number): number;
  /** The driver's send call: answers how many it took; the caller owns the rest. */
  protected abstract transmit(
    cpu: Cpu,
    queue: number,
    buffers: Int32Array,
    at: number,
    n: number,
  ): number;

  /** What becomes of packets that were sent and counted; nothing where they are the device's by now. */
  protected sent(_cpu: Cpu, _buffers: Int32Array, _at: number, _n: number): void {}

  /** odp_pktin_recv: received packets for the caller (direct mode). */
  pktinRecv(cpu: Cpu, queue: number, out: Int32Array, max: number): number {
    if (!this.started) return this.received = 0;
    this.received = 0;
    const n = this.recv(cpu, queue, out, max);
    this.received = Math.max(this.received, n);
    const { memory: { bytes, offset, length }, meta } = this.odp;
    for (let i = 0; i < n; i++) {
      const b = out[i]!;
      meta.input[b] = this.index;
      this.in.add(bytes, offset[b]!, length[b]!);
    }
    return n;
  }

  /**
   * Polls for an event queue: packets that are the caller's are in `out`, others are in their queues.
   * `received` says how many there were.
   * @param direct whether the caller may have packets of this very queue without a way through it
   */
  input(cpu: Cpu, queue: OdpQueue, out: Int32Array, max: number, direct: boolean): number {
    const n = this.pktinRecv(cpu, queue.pktinQueue, out, max);
    if (n === 0) return 0;
    if (this.classifier !== null) {
      this.classifier.input(cpu, this, out, n);
      return 0;
    }
    if (direct) return n;
    this.enqueue(cpu, queue, out, 0, n);
    return 0;
  }

  /** Puts packets into a queue; those that find no room are lost there (`in_discards`). */
  enqueue(cpu: Cpu, queue: OdpQueue, buffers: Int32Array, at: number, n: number): number {
    const { scheduler, env } = this.odp;
    const moved = scheduler.enqueue(cpu, queue, buffers, at, n);
    for (let i = at + moved; i < at + n; i++) {
      this.in.discards++;
      env.drop(cpu, buffers[i]!, REASON["ring-full"], queue.place, queue.param.size);
    }
    return moved;
  }

  /**
   * odp_pktout_send: answers how many of the `n` packets were taken, the caller owns the rest; -1 when another
   * thread holds the queue's lock: the time until it is free has been spent, and the call is to be made again.
   */
  pktoutSend(cpu: Cpu, queue: number, buffers: Int32Array, at: number, n: number): number {
    const context = cpu as Context;
    const lock = this.pktout[queue]!;
    const waitPs = lock.untilPs - context.nowPs;
    if (waitPs > 0) {
      cpu.charge(Math.ceil(waitPs / context.home.psPerCycle));
      return -1;
    }
    if (lock.isShared) cpu.charge(this.odp.costs["pktout.lock"]);
    const { memory: { bytes, offset, length } } = this.odp;
    const sent = this.transmit(cpu, queue, buffers, at, n);
    for (let i = at; i < at + sent; i++) {
      const b = buffers[i]!;
      this.out.add(bytes, offset[b]!, length[b]!);
    }
    lock.packets += sent;
    lock.discards += n - sent;
    this.out.discards += n - sent;
    lock.untilPs = context.nowPs;
    this.sent(cpu, buffers, at, sent);
    return sent;
  }

  /** Frees what a send refused, as odp_l2fwd does. */
  giveUp(cpu: Cpu, buffers: Int32Array, at: number, n: number): void {
    for (let i = at; i < at + n; i++) {
      this.odp.env.drop(cpu, buffers[i]!, this.shortSend, this.sendPlace, this.sendSize);
    }
  }
}
