/**
 * The engine of one process: it breathes. A breath inhales, one pull of every app that has one, then exhales, one push
 * for every link in topological order; then come counters, ticks, timers and the pause.
 *
 * Each callback is a body of the lcore: it reads the world as of its own start, and its effects happen at its own time.
 * Source: core/app.lua (breathe, main).
 */
import type { SnabbApp } from "./app.ts";
import { config, type SnabbConfig } from "./config.ts";
import type { Counter } from "./counter.ts";
import { Histogram } from "./histogram.ts";
import type { Link } from "./link.ts";
import type { MainOptions } from "./modules.ts";
import { givenBy, Network } from "./network.ts";
import { OrderWatch } from "./order_watch.ts";
import { Pace } from "./pace.ts";
import type { SnabbProcess } from "./process.ts";

/** Breaths between commits of counters and looks at the freelist. */
const COMMIT_BREATHS = 100;
/** Ticks a second, at most. */
const TICK_HZ = 1000;
/** Packets freed in a breath, up to which breaths are counted apart. */
const FPB_MAX = 1023;

/** The engine. */
export class Engine extends Pace {
  readonly network: Network;
  /** Packets of one pull, at most. */
  readonly pullNpackets: number;
  /** Most packets that one pull has transmitted. */
  mostPulled = 0;
  readonly breaths: Counter;
  readonly configs: Counter;
  /** Durations of breaths in seconds. */
  readonly latency: Histogram = new Histogram(1e-6, 1);
  /** Breaths by packets freed in them; those with more than the last are counted there. */
  readonly fpb: Uint32Array = new Uint32Array(FPB_MAX + 1);
  /** Breath of the last commit. */
  committedAt = 0;
  /** Checks the order; null where nothing is checked. */
  readonly orderWatch: OrderWatch | null;
  /** Whether `main` has ended. */
  stopped = false;
  readonly #process: SnabbProcess;
  #step = 0;
  #startTsc = 0;
  #frees0 = 0;
  #nextTick = 0;
  #main: MainOptions = {};

  /** No apps yet. */
  constructor(process: SnabbProcess) {
    super(process.settings);
    this.#process = process;
    const { linkRingSize, developerDebug } = process.settings;
    this.network = new Network(process);
    this.pullNpackets = Math.max(1, Math.floor((linkRingSize - 1) / 10));
    this.breaths = process.counters.create("engine/breaths");
    this.configs = process.counters.create("engine/configs");
    this.orderWatch = developerDebug ? new OrderWatch() : null;
  }

  /** Apps by name. */
  get apps(): ReadonlyMap<string, SnabbApp> {
    return this.network.apps;
  }

  /** Links by linkspec. */
  get links(): ReadonlyMap<string, Link> {
    return this.network.links;
  }

  /** The design that runs. */
  get configuration(): SnabbConfig {
    return this.network.configuration;
  }

  /** Makes the running network that of a design. What is the same in both is left alone. */
  configure(next: SnabbConfig): void {
    this.network.configure(next);
    this.configs.value++;
  }

  /** Stops all apps. */
  stopAll(): void {
    this.configure(config.new());
  }

  /** Says how long, and in what manner, to breathe; the process does so from then on. */
  main(options: MainOptions = {}): void {
    if (options.duration !== undefined && options.done !== undefined) {
      throw new TypeError("Cannot run main: you can not have both duration and done");
    }
    const { duration } = options;
    const end = duration === undefined ? 0 : this.#process.nowUs() + duration * 1e6;
    this.#main = duration === undefined
      ? options
      : { ...options, done: () => this.#process.nowUs() >= end };
    this.stopped = false;
  }

  /** Seconds since the start, as of the beginning of this breath. */
  now(): number {
    return this.#startTsc / this.#process.mhz * 1e-6;
  }

  /** Runs the next callback of the breath; answers how much was moved. */
  step(): number {
    const process = this.#process;
    const { pull, push } = this.network.order;
    process.moved = 0;
    if (this.#step === 0) this.#inhale();
    if (this.#step < pull.length) this.#pull(pull[this.#step]!);
    else if (this.#step < pull.length + push.length) {
      const { app, link, input } = push[this.#step - pull.length]!;
      const callback = app.pushLink?.[input];
      this.#enter("push", app);
      if (callback === undefined) app.push!();
      else callback(link);
      this.#leave();
    }
    if (++this.#step >= pull.length + push.length) {
      this.#step = 0;
      this.#exhaled();
    }
    return process.moved;
  }

  #inhale(): void {
    const process = this.#process;
    process.zones.enter("engine");
    process.charge(process.costs.breath);
    this.#startTsc = process.cpu.tsc();
    this.#frees0 = process.frees.value;
    process.timeline.log(this.#startTsc, 6, "engine.breath_start", this.breaths.value);
  }

  #pull(app: SnabbApp): void {
    const before = givenBy(app);
    this.#enter("pull", app);
    app.pull!();
    this.#leave();
    const pulled = givenBy(app) - before;
    if (pulled > this.mostPulled) this.mostPulled = pulled;
  }

  #enter(kind: "pull" | "push", app: SnabbApp): void {
    const process = this.#process;
    process.zones.enter(app.zone);
    process.charge(process.costs.callback);
    process.timeline.log(process.cpu.tsc(), 3, `app.${kind}`, process.moved);
    this.orderWatch?.ran(kind, app);
  }

  #leave(): void {
    const process = this.#process;
    process.cpu.charge(process.zones.record());
    process.zones.enter("engine");
  }

  #exhaled(): void {
    const process = this.#process;
    const breath = ++this.breaths.value;
    const freed = process.frees.value - this.#frees0;
    this.fpb[Math.min(freed, FPB_MAX)]!++;
    process.timeline.log(process.cpu.tsc(), 5, "engine.breath_end", breath, freed);
    if (breath % COMMIT_BREATHS === 0) {
      this.#commit();
      process.packet.rebalanceFreelists();
    }
    process.pauseForCollector(breath);
    this.orderWatch?.breathed(this.apps);
    this.latency.add((process.cpu.tsc() - this.#startTsc) / process.mhz * 1e-6);
    process.timeline.roll(breath);
    this.#tick();
    if (this.#main.noTimers !== true) process.timer.run();
    this.network.settle();
    if (this.#main.done?.() === true || process.exited()) {
      this.stopped = true;
      this.#commit();
    } else process.usleep(this.pause(process.nowUs(), process.frees.value));
  }

  #commit(): void {
    this.#process.counters.commit();
    this.committedAt = this.breaths.value;
  }

  #tick(): void {
    const now = this.#process.nowUs();
    if (now < this.#nextTick) return;
    this.#nextTick = now + 1e6 / TICK_HZ;
    for (const app of this.apps.values()) app.tick?.();
  }
}
