/**
 * One MSI-X vector: mask, latched cause, throttle, delivery to an lcore.
 *
 * A cause on an unmasked vector raises the interrupt and masks the vector (auto-mask); a cause on a masked
 * one is latched, and raises it when the driver unmasks. This latch is what keeps a packet that lands between
 * the last look of a poll and its unmasking from being forgotten. The throttle (ITR) spaces interrupts: one
 * is held back until the interval since the last one has passed. The message itself is a posted write that
 * cannot overtake the write-back it announces, and the core takes it after a latency.
 *
 * Faults, in runs that have some: the core takes an interrupt later (`interrupt NIC.QUEUE`, a time of `LATE_PS`);
 * a cause of a masked vector that was unmasked once sends a message all the same (`spurious NIC.QUEUE`), as one does
 * that was on its way when the mask was set. Neither changes mask or latch.
 *
 * Source: Intel 82599 data sheet, 7.3 (interrupts) and 7.3.2 (moderation).
 */
import type { DmaEngine } from "../nic/dma.ts";
import type { Observation } from "../machine/observation.ts";
import { HOST } from "../pcie/fabric.ts";
import { LATE_PS } from "../pcie/late_fabric.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";
import type { Lcore } from "./lcore.ts";

/** Bytes of an MSI-X message. */
const MESSAGE_BYTES = 4;

/**
 * An interrupt vector.
 *
 * @example
 * ```ts
 * import { Clock, createFabric, DmaEngine, Lcore } from "@planecheck/planecheck/core";
 * import { Observation, Vector } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * const { fabric: rates, dma: engine } = machineProfile(paperHost);
 * const clock = new Clock();
 * const fabric = createFabric("coarse", clock, rates, 1);
 * fabric.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
 * const dma = new DmaEngine(1, clock, engine, 1518);
 * dma.reset(fabric);
 * const lcore = new Lcore(0, clock, 1000);
 * const taken: number[] = [];
 * lcore.reset({ interrupt: (_, id) => void taken.push(id) });
 *
 * const vector = new Vector(7, clock, new Observation());
 * vector.reset(dma, lcore, 1_000_000);
 * vector.cause(); // masked: latched
 * vector.enable(); // so the interrupt is raised, and the vector masked again
 * vector.cause();
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals(taken, [7]);
 * ```
 */
export class Vector {
  /** Number that the interrupt handler is given. */
  readonly id: number = 0;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #observation: Observation;
  #dma: DmaEngine | null = null;
  #lcore: Lcore | null = null;
  #throttlePs = 0;
  #latencyPs = 0;
  #masked = true;
  #latched = false;
  #heldBack = false;
  /** Asked for faults once it has been unmasked, in runs that have some; else null. */
  #choices: Choices | null = null;
  #wasEnabled = false;
  #late = 0;
  #spurious = 0;
  #earliest = 0;
  readonly #released: number = 0;
  readonly #arrived: number = 0;
  readonly #taken: number = 0;

  /** Registers its handlers with the clock; `reset` connects it. */
  constructor(id: number, clock: Clock, observation: Observation, name: string = `vector ${id}`) {
    this.id = id;
    this.#name = name;
    this.#clock = clock;
    this.#observation = observation;
    this.#released = clock.register(() => this.#release());
    this.#arrived = clock.register(() => {
      const late = this.#choices === null ? 0 : this.#choices.pick(this.#late, LATE_PS.length);
      clock.at(clock.now + this.#latencyPs + LATE_PS[late]!, this.#taken, 0);
    });
    this.#taken = clock.register(() => {
      this.#observation.interrupts++;
      this.#lcore!.raise(this.id);
    });
  }

  /** Masked, nothing latched. */
  reset(
    dma: DmaEngine,
    lcore: Lcore,
    latencyPs: number,
    choices: Choices | null = null,
  ): void {
    this.#choices = choices;
    this.#wasEnabled = false;
    if (choices !== null) {
      this.#late = choices.site(`interrupt ${this.#name}`);
      this.#spurious = choices.site(`spurious ${this.#name}`);
    }
    this.#dma = dma;
    this.#lcore = lcore;
    this.#latencyPs = latencyPs;
    this.#throttlePs = 0;
    this.#masked = true;
    this.#latched = false;
    this.#heldBack = false;
    this.#earliest = 0;
  }

  /** Least time between two interrupts, in picoseconds (ethtool rx-usecs). */
  throttle(ps: number): void {
    this.#throttlePs = ps;
  }

  /** The device has something to report. */
  cause(): void {
    if (!this.#masked) return this.#raise();
    this.#latched = true;
    if (this.#choices === null || !this.#wasEnabled) return;
    if (this.#choices.pick(this.#spurious, 2) === 1) this.#send();
  }

  /** The driver unmasks the vector. */
  enable(): void {
    this.#masked = false;
    this.#wasEnabled = true;
    if (!this.#latched) return;
    this.#latched = false;
    this.#raise();
  }

  #raise(): void {
    if (this.#heldBack) return;
    if (this.#clock.now < this.#earliest) {
      this.#heldBack = true;
      this.#clock.at(this.#earliest, this.#released, 0);
      return;
    }
    this.#fire();
  }

  #release(): void {
    this.#heldBack = false;
    this.#fire();
  }

  #fire(): void {
    this.#masked = true;
    this.#earliest = this.#clock.now + this.#throttlePs;
    this.#send();
  }

  #send(): void {
    this.#dma!.write(HOST, MESSAGE_BYTES, this.#arrived, 0);
  }
}
