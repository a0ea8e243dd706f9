/**
 * The engine of one process: it holds the app network and breathes. A breath inhales, one pull of every app that has
 * one, then exhales, one push for every link in topological order; then come counters, ticks, timers and the pause.
 *
 * Each callback is a body of the lcore: it reads the world as of its own start, and its effects happen at its own time.
 * Source: core/app.lua (configure, breathe, main).
 */
import { REASON } from "../../core/policy.ts";
import type { AppClass, SnabbApp } from "./app.ts";
import { type ActionHost, applyActions, computeActions } from "./actions.ts";
import { config, type SnabbConfig } from "./config.ts";
import type { Counter } from "./counter.ts";
import { Histogram } from "./histogram.ts";
import { Link } from "./link.ts";
import { LinkWatch } from "./link_watch.ts";
import { type BreatheOrder, breatheOrder } from "./order.ts";
import { OrderWatch } from "./order_watch.ts";
import { Pace } from "./pace.ts";
import type { SnabbProcess } from "./process.ts";
import { ReconfigureWatch } from "./reconfigure_watch.ts";

/** Breaths between commits of counters and looks at the freelist. */
const COMMIT_BREATHS = 100;
/** Ticks a second, at most. */
const TICK_HZ = 1000;

/** What `engine.main` may be told. */
export interface MainOptions {
  /** Seconds after which it ends. */
  readonly duration?: number;
  /** Asked after each breath whether it ends. */
  readonly done?: () => boolean;
  /** Timers are not run. */
  readonly noTimers?: boolean;
}

/** The engine. */
export class Engine extends Pace implements ActionHost {
  readonly apps: Map<string, SnabbApp> = new Map();
  readonly links: Map<string, Link> = new Map();
  /** The design that runs. */
  configuration: SnabbConfig = config.new();
  /** Packets of one pull, at most. */
  readonly pullNpackets: number;
  /** Most packets that one pull has transmitted. */
  mostPulled = 0;
  readonly breaths: Counter;
  readonly configs: Counter;
  /** Durations of breaths in seconds. */
  readonly latency: Histogram = new Histogram(1e-6, 1);
  /** Breaths by packets freed in them; those with more than the last are counted there. */
  readonly fpb: Uint32Array;
  /** Sleeps, their sum, and the longest in microseconds. */
  sleeps = 0;
  sleptUs = 0;
  longestSleepUs = 0;
  /** Breath of the last commit. */
  committedAt = 0;
  /** Watch over the order; null where nothing is checked. */
  readonly orderWatch: OrderWatch | null;
  readonly reconfigureWatch: ReconfigureWatch | null;
  /** Whether `main` has ended. */
  stopped = false;
  readonly #process: SnabbProcess;
  #order: BreatheOrder = { pull: [], push: [] };
  #step = 0;
  #startTsc = 0;
  #frees0 = 0;
  #nextTick = 0;
  #main: MainOptions = {};
  /** What stopped apps wait for, asked after each breath until it answers true. */
  readonly #pending: { app: SnabbApp; done: () => boolean }[] = [];

  constructor(process: SnabbProcess) {
    super(process.settings);
    this.#process = process;
    const { linkRingSize, developerDebug } = process.settings;
    this.pullNpackets = Math.max(1, Math.floor((linkRingSize - 1) / 10));
    this.fpb = new Uint32Array(1024);
    this.breaths = process.counters.create("engine/breaths");
    this.configs = process.counters.create("engine/configs");
    this.orderWatch = developerDebug ? new OrderWatch() : null;
    this.reconfigureWatch = developerDebug ? new ReconfigureWatch() : null;
  }

  /** Makes the running network that of a design. What is the same in both is left alone. */
  configure(next: SnabbConfig): void {
    const actions = computeActions(this.configuration, next);
    this.reconfigureWatch?.before(this.links, next.links, this.#process.frees.value);
    applyActions(this, next, actions);
    this.reconfigureWatch?.after(this.links, this.#process.frees.value);
    this.configuration = { apps: new Map(next.apps), links: new Set(next.links) };
    this.#order = breatheOrder(this.apps);
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

  /** The order of callbacks. */
  get order(): BreatheOrder {
    return this.#order;
  }

  /** Runs the next callback of the breath; answers how much was moved. */
  step(): number {
    const process = this.#process;
    const { pull, push } = this.#order;
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
    let before = 0;
    for (let i = 0; i < app.output.length; i++) before += given(app.output[i]!);
    this.#enter("pull", app);
    app.pull!();
    this.#leave();
    let pulled = -before;
    for (let i = 0; i < app.output.length; i++) pulled += given(app.output[i]!);
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
    this.fpb[Math.min(freed, this.fpb.length - 1)]!++;
    process.timeline.log(process.cpu.tsc(), 5, "engine.breath_end", breath, freed);
    if (breath % COMMIT_BREATHS === 0) {
      process.counters.commit();
      this.committedAt = breath;
      process.packet.rebalanceFreelists();
    }
    process.pauseForCollector(breath);
    this.orderWatch?.breathed(this.apps);
    this.latency.add((process.cpu.tsc() - this.#startTsc) / process.mhz * 1e-6);
    process.timeline.roll(breath);
    const now = process.nowUs();
    if (now >= this.#nextTick) {
      this.#nextTick = now + 1e6 / TICK_HZ;
      for (const app of this.apps.values()) app.tick?.();
    }
    if (this.#main.noTimers !== true) process.timer.run();
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      if (this.#pending[i]!.done()) this.#pending.splice(i, 1);
    }
    if (this.#main.done?.() === true) this.#stop();
    else this.#breathOut();
  }

  #breathOut(): void {
    const process = this.#process;
    const us = this.pause(process.nowUs(), process.frees.value);
    if (us === 0) return;
    this.sleeps++;
    this.sleptUs += us;
    if (us > this.longestSleepUs) this.longestSleepUs = us;
    process.usleep(us);
  }

  #stop(): void {
    this.stopped = true;
    this.#process.counters.commit();
    this.committedAt = this.breaths.value;
  }

  start(name: string, cls: AppClass, arg: unknown): SnabbApp {
    const app = new cls(arg, this.#process);
    app.appname = name;
    if (app.zone === "") app.zone = cls.name;
    return app;
  }

  stop(app: SnabbApp): void {
    app.stop?.();
  }

  /** Asks `done` after each breath until it answers true: for an app that takes longer to stop than a callback. */
  await(app: SnabbApp, done: () => boolean): void {
    if (!done()) this.#pending.push({ app, done });
  }

  /** Apps that were stopped and have not let go of their packets yet. */
  get leaving(): readonly SnabbApp[] {
    return this.#pending.map(({ app }) => app);
  }

  newLink(spec: string): Link {
    const process = this.#process;
    const size = process.linkSize;
    const place = process.env.place(`link ${spec}`, size - 1);
    const link = new Link(spec, size, place, process.counters);
    if (process.settings.developerDebug) link.watch = new LinkWatch();
    return link;
  }

  freeLink(link: Link): void {
    const process = this.#process;
    while (!process.link.empty(link)) process.discard(process.link.receive(link), REASON.other);
    for (const name of ["rxpackets", "rxbytes", "txpackets", "txbytes", "txdrop"]) {
      process.counters.delete(`links/${link.name}/${name}`);
    }
  }
}

/** Packets that were handed to a link, taken or dropped. */
function given(link: Link): number {
  return link.txpackets.value + link.txdrop.value;
}
