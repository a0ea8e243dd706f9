/**
 * The tx_mbufs of l3fwd: packets gathered for each port on each lcore, sent when a burst has gathered or at
 * the drain. What a full transmit ring refuses is given up: l3fwd never stops reading.
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env, Port } from "../../core/stack.ts";

/** Tables of every lcore and port. */
export class TxBuffers {
  readonly #env: Env;
  readonly #ports: readonly Port[];
  readonly #burst: number = 0;
  /** `#burst` slots for each lcore and port, and how many wait in each table. */
  readonly #mbufs: Int32Array = new Int32Array(0);
  readonly #counts: Int32Array = new Int32Array(0);
  readonly #lastDrain: Float64Array = new Float64Array(0);
  readonly #drainCycles: number = 0;

  /**
   * Empty tables that are sent at `burst` packets, and every `drainUs` microseconds; at the end of every `add` when
   * that is 0.
   */
  constructor(env: Env, ports: readonly Port[], burst: number, drainUs: number) {
    this.#env = env;
    this.#ports = ports;
    this.#burst = burst;
    this.#mbufs = new Int32Array(env.lcores * ports.length * burst);
    this.#counts = new Int32Array(env.lcores * ports.length);
    this.#lastDrain = new Float64Array(env.lcores);
    this.#drainCycles = env.cost("mhz") * drainUs;
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
    if (this.#drainCycles === 0) this.#drain(cpu);
  }

  /** Sends what waits when more than `drainUs` have passed since the last time; answers whether they had, as 1. */
  drainIfDue(cpu: Cpu): number {
    if (this.#drainCycles === 0) return 0;
    const now = cpu.tsc();
    const due = now - this.#lastDrain[cpu.lcore]! > this.#drainCycles;
    if (due) {
      this.#lastDrain[cpu.lcore] = now;
      this.#drain(cpu);
    }
    cpu.wakeAt(this.#lastDrain[cpu.lcore]! + this.#drainCycles + 1);
    return due ? 1 : 0;
  }

  #drain(cpu: Cpu): void {
    for (let p = 0; p < this.#ports.length; p++) this.#send(cpu, p);
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
