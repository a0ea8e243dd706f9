/**
 * The dpdk interface: a poll-mode driver under the two calls. Packets are not copied, since its pools are those of
 * the driver. Where several threads poll an input queue in turn, an arrival is news to all of them.
 *
 * Source: platform/linux-generic/pktio/dpdk.c.
 */
import { Context } from "../../core/host/context.ts";
import type { Cpu, Port } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import { Pktio, type PktioType } from "./pktio.ts";

/** Threads that poll the same input queues: whoever tells one tells all. */
export class Pollers extends Context {
  readonly #threads: readonly Cpu[];

  /** `threads` may still grow. */
  constructor(threads: readonly Cpu[]) {
    super({ id: 0, psPerCycle: 1, deadline() {}, notify() {}, wakeFrom() {} }, 0, true, () => 0);
    this.#threads = threads;
  }

  /** Something came in. */
  override notify(): void {
    for (const thread of this.#threads) (thread as Context).notify();
  }
}

/** An interface over a port of the machine. */
export class PktioDpdk extends Pktio {
  readonly type: PktioType = "dpdk";
  readonly pktinQueues: number;
  readonly port: Port;
  readonly #pollers: Pollers | null;

  /** `pollers`: the threads that share input queues, if there are several. */
  constructor(odp: Odp, index: number, port: Port, pollers: Pollers | null) {
    super(odp, index, `dpdk:${port.id}`);
    this.port = port;
    this.pktinQueues = odp.env.lcores;
    this.#pollers = pollers;
  }

  protected recv(cpu: Cpu, queue: number, out: Int32Array, max: number): number {
    const n = this.port.rxBurst(cpu, queue, out, max);
    if (this.#pollers !== null) {
      this.odp.env.hardware.nics[this.port.id]!.queues.rx[queue]!.waiter = this.#pollers;
    }
    return n;
  }

  protected transmit(
    cpu: Cpu,
    queue: number,
    buffers: Int32Array,
    at: number,
    n: number,
  ): number {
    return this.port.txBurst(cpu, queue, buffers, at, n);
  }
}
