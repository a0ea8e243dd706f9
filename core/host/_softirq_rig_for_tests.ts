/** A bare lcore with softirqs, and drivers that have as many packets as a test gives them. */
import { Clock } from "../time/clock.ts";
import type { Cpu } from "../stack.ts";
import type { Context } from "./context.ts";
import { Lcore } from "./lcore.ts";
import { Napi, type NapiDriver, type SoftirqOptions } from "./napi.ts";
import { Softnet } from "./softirq.ts";

/** 1000 cycles in a microsecond: a cycle is 1000 ps. */
export const MHZ = 1000;

/** A driver with `waiting` packets of `cycles` each. */
export class FakeDriver implements NapiDriver {
  readonly napi: Napi;
  taken = 0;
  completions = 0;
  /** Called at the end of a poll, before it completes. */
  beforeComplete: ((cpu: Cpu) => void) | null = null;
  readonly #rig: Rig;

  constructor(rig: Rig, name: string, public waiting: number, public cycles: number) {
    this.#rig = rig;
    this.napi = new Napi(name, this);
  }

  poll(cpu: Cpu, budget: number): number {
    const n = Math.min(budget, this.waiting);
    this.waiting -= n;
    this.taken += n;
    cpu.charge(n * this.cycles);
    this.#rig.log.push(`${this.napi.name} ${n}`);
    if (n === budget) return n;
    this.beforeComplete?.(cpu);
    if (this.#rig.softnet.napiComplete(cpu, this.napi)) this.completions++;
    return n;
  }
}

/** Clock, lcore and softirqs. */
export class Rig {
  readonly clock = new Clock();
  readonly lcore: Lcore;
  readonly softnet: Softnet;
  readonly drivers: FakeDriver[] = [];
  /** What ran, in order. */
  readonly log: string[] = [];
  readonly #raise: number = 0;

  constructor(options: Partial<SoftirqOptions> = {}) {
    const lcore = new Lcore(0, this.clock, MHZ);
    this.lcore = lcore;
    lcore.reset({
      interrupt: (cpu, vector) => this.softnet.napiSchedule(cpu, this.drivers[vector]!.napi),
    });
    lcore.irqCycles = 10;
    this.softnet = new Softnet(0, {
      spawn: (_, priority, body, stateless = false) => lcore.spawn(priority, body, stateless),
    }, {
      mhz: MHZ,
      budget: 300,
      budgetUsecs: 2000,
      requeue: "repoll",
      costs: { softirq: 5, poll: 20, switch: 50 },
      ...options,
    });
    this.#raise = this.clock.register((vector) => lcore.raise(vector));
  }

  /** A driver with that many packets; its interrupt's vector is its place in the order of calls. */
  driver(waiting: number, cycles = 100): FakeDriver {
    const made = new FakeDriver(this, `eth${this.drivers.length}`, waiting, cycles);
    this.drivers.push(made);
    return made;
  }

  /** Raises the interrupts of all drivers at 1 us, runs until nothing is left to do, or to `untilPs`. */
  run(untilPs = 1e12): void {
    this.drivers.forEach((_, vector) => this.clock.at(1_000_000, this.#raise, vector));
    this.clock.run({ horizonPs: untilPs, events: 1_000_000 });
  }

  /** Raises one interrupt at `ps`. */
  interruptAt(ps: number, vector: number): void {
    this.clock.at(ps, this.#raise, vector);
  }

  /** A process that would use the core for ever, `cycles` at a time, up to `turns` times. */
  process(name: string, cycles: number, turns: number): Context {
    return this.lcore.spawn("thread", (cpu) => {
      if (turns-- <= 0) {
        cpu.sleep();
        return 0;
      }
      cpu.charge(cycles);
      this.log.push(name);
      return 1;
    }, false);
  }
}
