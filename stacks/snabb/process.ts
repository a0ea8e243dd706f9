/**
 * One Snabb process: one lcore, one engine, one freelist, and the modules that apps use, under the names that they have
 * in the original: `engine`, `link`, `packet`, `config`, `timer`, `counter`. Nothing is shared with other processes but
 * the group freelist and interlinks.
 *
 * Source: doc/in-a-nutshell, core/main.lua.
 */
import { Process, processCosts } from "../../core/host/process.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { config } from "./config.ts";
import { type SnabbCosts, snabbCosts } from "./costs.ts";
import { type Counter, Counters } from "./counter.ts";
import { Engine } from "./engine.ts";
import type { GroupFreelist } from "./group_freelist.ts";
import type { Interlinks } from "./interlink.ts";
import { LinkModule } from "./link.ts";
import type { SnabbSettings } from "./options.ts";
import { Packets } from "./packet.ts";
import { Timeline } from "./timeline.ts";
import { Timers } from "./timer.ts";
import { Zones } from "./zones.ts";

/** Bytes that one load and one store copy. */
const COPY_BYTES = 16;

/** What processes of one machine share, and how its packets are divided. */
export interface Machinery {
  readonly group: GroupFreelist | null;
  readonly interlinks: Interlinks;
  /** Packets that one process may allocate, and those of the machine. */
  readonly maxPackets: number;
  readonly totalPackets: number;
  /** Slots of each link. */
  readonly linkSize: number;
}

/** A process. */
export class SnabbProcess {
  /** Its number, and that of its lcore. */
  readonly pid: number;
  readonly env: Env;
  readonly memory: Memory;
  readonly settings: SnabbSettings;
  readonly costs: SnabbCosts;
  /** Cycles of a microsecond. */
  readonly mhz: number;
  readonly counters: Counters = new Counters();
  readonly frees: Counter;
  readonly freebytes: Counter;
  readonly freebits: Counter;
  readonly packet: Packets;
  readonly link: LinkModule;
  readonly config: typeof config = config;
  readonly engine: Engine;
  readonly timer: Timers;
  readonly timeline: Timeline;
  readonly zones: Zones;
  readonly machinery: Machinery;
  /** Its place, for the ledger of buffers. */
  readonly place: number;
  /** Length of each packet. */
  readonly lengths: Int32Array;
  /** The context that runs. */
  cpu!: Cpu;
  /** What the running callback has moved. */
  moved = 0;
  /** Pauses of the garbage collector. */
  pauses = 0;
  #exiting = false;
  /** The process of the operating system that it runs in. */
  readonly task: Process;

  /** Boots a process without apps on an lcore; it breathes from the first instant on. */
  constructor(env: Env, pid: number, settings: SnabbSettings, machinery: Machinery) {
    this.env = env;
    this.pid = pid;
    this.settings = settings;
    this.machinery = machinery;
    this.place = env.place(`process ${pid}`, Infinity);
    this.memory = env.memory as Memory;
    this.lengths = this.memory.length;
    this.costs = snabbCosts(env);
    // flat out, where nothing costs anything, any clock will do
    this.mhz = env.cost("mhz") || 1000;
    this.zones = new Zones(this.costs, settings.jit === "cold");
    this.timeline = new Timeline(settings.timelineEvents);
    this.frees = this.counters.create("engine/frees");
    this.freebits = this.counters.create("engine/freebits");
    this.freebytes = this.counters.create("engine/freebytes");
    const { maxPackets, totalPackets, group } = machinery;
    this.packet = new Packets(this, maxPackets, totalPackets, group);
    this.link = new LinkModule(this);
    this.timer = new Timers(() => this.nowUs());
    this.engine = new Engine(this);
    this.task = new Process(env, pid, processCosts(env), (cpu) => this.#body(cpu));
    this.cpu = this.task.cpu;
    // DMA memory is set aside at start, in the steps in which a process grows
    while (this.packet.allocated < maxPackets && this.packet.preallocateStep() > 0);
  }

  /** Slots of each link. */
  get linkSize(): number {
    return this.machinery.linkSize;
  }

  /** Microseconds since the start. */
  nowUs(): number {
    return this.cpu.tsc() / this.mhz;
  }

  /** Spends cycles, more of them while the running code is interpreted. */
  charge(cycles: number): void {
    this.cpu.charge(this.zones.book(cycles));
  }

  /** Pays for a copy. */
  chargeCopy(bytes: number): void {
    this.charge(Math.ceil(bytes / COPY_BYTES) * this.costs.copy16);
  }

  /** Pays for a chunk of the group freelist. */
  chargeChunk(): void {
    this.charge(this.costs.chunk);
  }

  /** Says that a packet carries none that was received. */
  originate(p: number): void {
    this.env.originate(p);
  }

  /** Takes buffers that no process has. */
  dmaAlloc(out: Int32Array, n: number): number {
    const { pool } = this.env;
    if (pool.getBulk(this.pid, out, 0, n)) return n;
    let taken = 0;
    for (; taken < n; taken++) {
      const b = pool.get(this.pid);
      if (b < 0) break;
      out[taken] = b;
    }
    return taken;
  }

  /** Ends a packet for a reason and frees it: what an app does with what it will not pass on. */
  discard(p: number, reason: Reason): void {
    this.env.end(this.cpu, p, reason);
    this.packet.free(p);
  }

  /** Sleeps, the one system call of the engine; not at all for 0. */
  usleep(us: number): void {
    if (us === 0) return;
    this.task.call(this.cpu, this.costs.usleep);
    this.task.block(this.cpu, this.cpu.tsc() + us * this.mhz);
  }

  /** Ends: apps are stopped, and once devices have let go of all packets these go to the group. */
  exit(): void {
    this.#exiting = true;
    this.engine.stopAll();
  }

  /** Whether an end that was asked for is complete. */
  exited(): boolean {
    if (!this.#exiting || this.engine.network.leaving.length > 0) return false;
    this.packet.shutdown();
    return true;
  }

  /** The collector stops everything now and then, where that was asked for. */
  pauseForCollector(breath: number): void {
    const { gcEveryBreaths, gcPauseUs } = this.settings;
    if (gcPauseUs === 0 || breath % gcEveryBreaths !== 0) return;
    this.pauses++;
    this.cpu.charge(Math.round(gcPauseUs * this.mhz));
  }

  #body(cpu: Cpu): number {
    this.cpu = cpu;
    if (!this.engine.stopped) return this.engine.step();
    cpu.charge(this.costs.breath);
    cpu.sleep();
    return 0;
  }
}
