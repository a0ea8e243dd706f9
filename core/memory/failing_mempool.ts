/**
 * A mempool whose gets fail now and then although it has buffers, as an allocator under pressure does: the k-th get
 * of a run (at boot, at time 0, none) fails if the choices say so at the site `allocation`. It stands in for the
 * ordinary one in runs that have faults, so that the ordinary one needs no question on its way.
 */
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";
import { Mempool } from "./mempool.ts";
import type { Memory } from "./memory.ts";

/** How long what an allocation fails for lasts; then who was refused is told, as when buffers come back. */
const PRESSURE_PS = 1e6;

/**
 * A pool that refuses where the choices say so; `setUp` comes first.
 *
 * @example
 * ```ts
 * import { Choices, Clock, FailingMempool, Memory } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(64);
 * const clock = new Clock();
 * clock.at(1, clock.register(() => {}), 0);
 * clock.run({ horizonPs: 1, events: 1 }); // time has begun
 * const choices = new Choices();
 * choices.reset([{ site: "allocation", occurrence: 1, value: 1 }]);
 * const told = clock.register(() => pool.onRefill?.());
 * const pool: FailingMempool = new FailingMempool(memory, clock, choices, told);
 * pool.setUp(memory.region("mempool", 0, 64), [-1], 8);
 * assertEquals([pool.get(0) >= 0, pool.get(0), pool.get(0) >= 0], [true, -1, true]);
 * assertEquals(pool.refusals, 1);
 * ```
 */
export class FailingMempool extends Mempool {
  readonly #clock: Clock;
  readonly #choices: Choices;
  readonly #eased: number = 0;

  /** A pool of nothing yet; `eased` is the handler that calls its `onRefill`. */
  constructor(memory: Memory, clock: Clock, choices: Choices, eased: number) {
    super(memory, { name: "nothing", node: 0, first: 0, count: 0 }, [], 0);
    this.#clock = clock;
    this.#choices = choices;
    this.#eased = eased;
  }

  /** Takes one buffer, or -1 when there is none or it is refused. */
  override getRaw(lcore: number): number {
    // with an empty cache the ordinary one asks for a bulk of one
    if (this.cachedBy(lcore) > 0 && this.#refuses()) return -1;
    return super.getRaw(lcore);
  }

  /** Takes `n` buffers into `out[at..]`, all or none. */
  override getRawBulk(lcore: number, out: Int32Array, at: number, n: number): boolean {
    return !this.#refuses() && super.getRawBulk(lcore, out, at, n);
  }

  #refuses(): boolean {
    // a driver that cannot fill its rings at first does not start: nothing to judge
    if (this.#clock.now === 0) return false;
    if (this.#choices.pick(this.#choices.site("allocation"), 2) === 0) return false;
    this.refusals++;
    this.#clock.at(this.#clock.now + PRESSURE_PS, this.#eased, 0);
    return true;
  }
}
