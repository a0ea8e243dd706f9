/**
 * The lock of a ring into which several cores may write (slots_lock). A holder keeps it for the copy; who comes
 * meanwhile spins. Who takes it after another core pays for the way of its cache line, and of `insert_off` beside it.
 *
 * Bodies of the model run one after the other though their times overlap, so each core's last holdings are kept, and
 * a writer spins until the end of whichever of another core covers its own instant. That a writer that ran earlier
 * would have had to wait for one that runs later is not seen: contention is half of what it would be at worst.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (copy_data_to_ring: do_lock).
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";

/** Holdings that are remembered of each lcore: what one NAPI poll may take. */
const REMEMBERED = 64;

/** A lock. */
export class SlotsLock {
  /** Times that it was taken, from another core than before, and while another core held it. */
  taken = 0;
  moved = 0;
  contended = 0;
  readonly #cost: number;
  readonly #movedCost: number;
  /** By lcore, when its last holdings began and ended. */
  readonly #begins: Float64Array[] = [];
  readonly #ends: Float64Array[] = [];
  readonly #next: number[] = [];
  #owner = -1;

  constructor(cost: number, movedCost: number) {
    this.#cost = cost;
    this.#movedCost = movedCost;
  }

  /** Takes the lock, does `work` and lets go. */
  hold(cpu: Cpu, work: () => void): void {
    const context = cpu as Context;
    this.taken++;
    cpu.charge(this.#cost);
    if (this.#owner >= 0 && this.#owner !== cpu.lcore) {
      this.moved++;
      cpu.charge(this.#movedCost);
    }
    this.#owner = cpu.lcore;
    this.#spin(context);
    const begin = context.nowPs;
    work();
    this.#remember(cpu.lcore, begin, context.nowPs);
  }

  #spin(context: Context): void {
    const now = context.nowPs;
    for (let lcore = 0; lcore < this.#begins.length; lcore++) {
      const begins = this.#begins[lcore];
      if (lcore === context.lcore || begins === undefined) continue;
      const at = begins.findIndex((begin, i) => begin <= now && now < this.#ends[lcore]![i]!);
      if (at < 0) continue;
      this.contended++;
      context.charge(Math.ceil((this.#ends[lcore]![at]! - now) / context.home.psPerCycle));
      return;
    }
  }

  #remember(lcore: number, begin: number, end: number): void {
    this.#begins[lcore] ??= new Float64Array(REMEMBERED).fill(-1);
    this.#ends[lcore] ??= new Float64Array(REMEMBERED).fill(-1);
    const at = this.#next[lcore] ?? 0;
    this.#begins[lcore]![at] = begin;
    this.#ends[lcore]![at] = end;
    this.#next[lcore] = (at + 1) % REMEMBERED;
  }
}
