/**
 * The dpdk interface: a poll-mode driver under the two calls. Packets are not copied, since its pools are those of
 * the driver. Where several threads poll an input queue in turn, an arrival is news to all of them.
 *
 * Source: platform/linux-generic/pktio/dpdk.c.
 */
import { Context } from "../../core/host/context.ts";
import type { PollPort } from "../../core/nic/poll_port.ts";
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
  /** Stops its input queues once nothing is left in them. */
  #stopping = false;
  readonly pktinQueues: number;
  readonly port: Port;
  readonly #pollers: Pollers | null;
  /** By input queue: whether it was found empty while stopping. */
  readonly #drained: Uint8Array;

  /** `pollers`: the threads that share input queues, if there are several. */
  constructor(
    odp: Odp,
    index: number,
    port: Port,
    pollers: Pollers | null,
    name: string = `dpdk:${port.id}`,
  ) {
    super(odp, index, name);
    this.port = port;
    this.pktinQueues = odp.env.lcores;
    this.#pollers = pollers;
    this.#drained = new Uint8Array(this.pktinQueues);
  }

  /** Frames that a kernel holds for the interface; none here. */
  get kernelHolds(): readonly number[] {
    return [];
  }

  protected recv(cpu: Cpu, queue: number, out: Int32Array, max: number): number {
    const n = this.port.rxBurst(cpu, queue, out, max);
    if (this.#pollers !== null) {
      this.odp.env.hardware.nics[this.port.id]!.queues.rx[queue]!.waiter = this.#pollers;
    }
    // empty after the device was quiet: nothing can follow
    if (this.#stopping) this.#drained[queue] = n === 0 && this.#driver.rxQuiet(queue) ? 1 : 0;
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

  /**
   * odp_pktio_stop: the device takes no more packets. What it has is still received; `started` is false when that is
   * over, and the buffers of the rings are back in the pool.
   */
  stop(cpu: Cpu): void {
    this.#stopping = true;
    for (let q = 0; q < this.pktinQueues; q++) this.#driver.rxStop(cpu as Context, q);
  }

  /** Ends stopping if it can; whoever stopped asks now and then. Answers whether the interface has stopped. */
  stopped(cpu: Cpu): boolean {
    if (!this.#stopping) return !this.started;
    for (let q = 0; q < this.pktinQueues; q++) {
      if (!this.#driver.rxQuiet(q) || this.#drained[q] === 0) return false;
    }
    for (let q = 0; q < this.pktinQueues; q++) this.#driver.rxRelease(cpu as Context, q);
    this.#stopping = false;
    this.started = false;
    return true;
  }

  /** odp_pktio_start, of an interface that has stopped. */
  start(cpu: Cpu): void {
    for (let q = 0; q < this.pktinQueues; q++) this.#driver.rxStart(cpu as Context, q);
    this.#drained.fill(0);
    this.started = true;
    this.odp.scheduler.rings.wake(cpu);
  }

  get #driver(): PollPort {
    return this.port as PollPort;
  }
}
