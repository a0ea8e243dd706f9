/**
 * The tx_mbufs of l3fwd: packets gathered for each port on each lcore, sent when a burst has gathered or at
 * the drain. What a full transmit ring refuses is given up: l3fwd never stops reading.
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env, Port } from "../../core/stack.ts";

/** Microseconds between drains of the transmit tables (BURST_TX_DRAIN_US). */
const DRAIN_US = 100;

/** Tables of every lcore and port. */
export class TxBuffers {
  readonly #env: Env;
  readonly #ports: readonly Port[];
  readonly #burst: number;
  /** `#burst` slots for each lcore and port, and how many wait in each table. */
  readonly #mbufs: Int32Array;
  readonly #counts: Int32Array;
  readonly #lastDrain: Float64Array;
  readonly #drainCycles: number;

  /** Empty tables that are sent at `burst` packets. */
  constructor(env: Env, ports: readonly Port[], burst: number) {
    this.#env = env;
    this.#ports = ports;
    this.#burst = burst;
    this.#mbufs = new Int32Array(env.lcores * ports.length * burst);
    this.#counts = new Int32Array(env.lcores * ports.length);
    this.#lastDrain = new Float64Array(env.lcores);
    this.#drainCycles = env.cost("mhz") * DRAIN_US;
  }

  /** Gathers `n` packets, packet i for port `egress[i]`; sends each table that this fills. */
  add(cpu: Cpu, buffers: Int32Array, egress: ArrayLike<number>, n: number): void {
    const first = cpu.lcore * this.#ports.length;
    const counts = this.#counts;
    const burst = this.#burst;
    for (let i = 0; i < n; i++) {
      const port = egress[i]!;
      const table = first + port;
      this.#mbufs[table * burst + counts[table]!++] = buffers[i]!;
      if (counts[table] === burst) this.#send(cpu, port);
    }
  }

  /** Sends what waits when more than 100 us have passed since the last time; answers whether they had, as 1. */
  drainIfDue(cpu: Cpu): number {
    const now = cpu.tsc();
    const due = now - this.#lastDrain[cpu.lcore]! > this.#drainCycles;
    if (due) {
      this.#lastDrain[cpu.lcore] = now;
      for (let p = 0; p < this.#ports.length; p++) this.#send(cpu, p);
    }
    cpu.wakeAt(this.#lastDrain[cpu.lcore]! + this.#drainCycles + 1);
    return due ? 1 : 0;
  }

  #send(cpu: Cpu, port: number): void {
    const table = cpu.lcore * this.#ports.length + port;
    const n = this.#counts[table]!;
    if (n === 0) return;
    const at = table * this.#burst;
    const sent = this.#ports[port]!.txBurst(cpu, cpu.lcore, this.#mbufs, at, n);
    for (let i = sent; i < n; i++) this.#env.drop(cpu, this.#mbufs[at + i]!, REASON["tx-full"]);
    this.#counts[table] = 0;
  }
}
