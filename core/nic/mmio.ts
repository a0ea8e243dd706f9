/**
 * Register writes by CPUs (doorbells): posted writes of the root complex. They leave in the order in which
 * they were made; while the fabric has no room they wait in the root complex's own buffer, which the model
 * does not bound: a CPU never stalls on a doorbell here, though it would on hardware.
 */
import { type Fabric, HOST } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";

/**
 * The root complex as a source of register writes; one for each machine.
 *
 * @example
 * ```ts
 * import { Clock, createFabric, Mmio } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const fabric = createFabric("coarse", clock, machineProfile(paperHost).fabric, 1);
 * fabric.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
 * const mmio = new Mmio(clock);
 * mmio.reset(fabric);
 * let arrived = 0;
 * mmio.write(1, 4, clock.register(() => arrived++), 0);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals([mmio.count, arrived], [1, 1]);
 * ```
 */
export class Mmio {
  /** Writes made since the last reset. */
  count = 0;
  #fabric: Fabric | null = null;
  /** Writes that wait for room: node, bytes, handler, argument of each. */
  readonly #waiting: number[] = [];
  readonly #roomBack: number = 0;

  /** Nothing waits; `reset` connects it to a fabric. */
  constructor(clock: Clock) {
    this.#roomBack = clock.register(() => this.#drain());
  }

  /** Nothing waits; on this fabric. */
  reset(fabric: Fabric): void {
    this.#fabric = fabric;
    this.#waiting.length = 0;
    this.count = 0;
    fabric.onRoom(HOST, this.#roomBack);
  }

  /** Writes `bytes` to a device's register; `handler(arg)` runs when they have arrived. */
  write(node: number, bytes: number, handler: number, arg: number): void {
    this.count++;
    this.#waiting.push(node, bytes, handler, arg);
    this.#drain();
  }

  #drain(): void {
    const waiting = this.#waiting;
    let at = 0;
    while (at < waiting.length && this.#fabric!.room(HOST)) {
      const node = waiting[at]!;
      this.#fabric!.write(HOST, node, waiting[at + 1]!, waiting[at + 2]!, waiting[at + 3]!);
      at += 4;
    }
    if (at === waiting.length) waiting.length = 0;
    else waiting.splice(0, at);
  }
}
