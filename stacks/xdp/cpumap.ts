/**
 * cpumap: frames to another CPU, whose kernel thread builds the skbs. Each CPU gathers 8 frames for a target, then
 * publishes them on the target's ptr_ring and wakes the thread; what finds the ring full is dropped. The thread takes 8
 * at a time, runs the entry's program on each, and feeds what passes to the stack of its own CPU.
 *
 * The ring has many producers, one for each CPU, and one consumer. Here it is one timed ring for each producer, taken in
 * turns, with the entry's size for them together; so a frame is never seen before it was published.
 * Source: kernel/bpf/cpumap.c.
 */
import type { Program } from "../../core/bpf/mod.ts";
import type { Context } from "../../core/host/context.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { XdpDevices } from "./devices.ts";
import { XDP } from "./helpers.ts";
import type { ProgramRunner } from "./run.ts";
import type { Tracepoints } from "./tracepoints.ts";

/** Frames of a bulk (CPU_MAP_BULK_SIZE), and of a batch of the thread (CPUMAP_BATCH). */
export const CPU_MAP_BULK_SIZE = 8;
/** Largest qsize (cpu_map_alloc_elem). */
export const CPU_MAP_QSIZE_MAX = 16_384;

/** What an entry needs of the CPU that it leads to. */
export interface TargetCpu {
  readonly runner: ProgramRunner;
  readonly points: Tracepoints;
  /** Redirects a frame further; answers whether it took it. */
  redirect(cpu: Cpu, page: number, port: number, queue: number): void;
  flush(cpu: Cpu): void;
}

/** One CPU that frames are sent to (struct bpf_cpu_map_entry). */
export class CpuMapEntry {
  readonly lcore: number;
  readonly qsize: number;
  readonly program: Program | null;
  /** Most frames that were in it at once. */
  most = 0;
  readonly place: number;
  readonly #devices: XdpDevices;
  readonly #target: TargetCpu;
  /** By producing CPU. */
  readonly #rings: TimedRing[];
  readonly #bulk: Int32Array[];
  readonly #counts: Int32Array;
  readonly #out = new Int32Array(CPU_MAP_BULK_SIZE);
  readonly #queueOf: Int32Array;
  readonly #kthread: Cpu;
  #turn = 0;

  constructor(
    devices: XdpDevices,
    target: TargetCpu,
    lcore: number,
    qsize: number,
    program: Program | null,
  ) {
    const { env } = devices;
    this.#devices = devices;
    this.#target = target;
    this.lcore = lcore;
    this.qsize = qsize;
    this.program = program;
    this.place = env.place(`ptr_ring of cpu ${lcore}`, qsize);
    this.#rings = Array.from({ length: env.lcores }, () => new TimedRing(qsize));
    this.#bulk = this.#rings.map(() => new Int32Array(CPU_MAP_BULK_SIZE));
    this.#counts = new Int32Array(env.lcores);
    this.#queueOf = new Int32Array(env.memory.offset.length);
    this.#kthread = env.spawn(lcore, "thread", (cpu) => this.#run(cpu));
  }

  /** Frames that wait for a flush of CPU `from`. */
  waiting(from: number): number {
    return this.#counts[from]!;
  }

  /** Frames in the ring. */
  get queued(): number {
    return this.#rings.reduce((sum, { count }) => sum + count, 0);
  }

  /** A frame of CPU `cpu` (bq_enqueue). */
  enqueue(cpu: Cpu, page: number, queue: number, points: Tracepoints): void {
    const from = cpu.lcore;
    if (this.#counts[from] === CPU_MAP_BULK_SIZE) this.flush(cpu, points);
    this.#bulk[from]![this.#counts[from]!++] = page;
    this.#queueOf[page] = queue;
  }

  /** Publishes what CPU `cpu` has gathered and wakes the thread (bq_flush_to_queue). */
  flush(cpu: Cpu, points: Tracepoints): void {
    const from = cpu.lcore;
    const n = this.#counts[from]!;
    if (n === 0) return;
    this.#counts[from] = 0;
    const { costs, env } = this.#devices;
    cpu.charge(costs.cpumap_enqueue + n * costs.tx);
    const { queued } = this;
    const room = Math.min(n, Math.max(0, this.qsize - queued));
    const bulk = this.#bulk[from]!;
    const sent = this.#rings[from]!.enqueueBurst(bulk, 0, room, (cpu as Context).nowPs);
    this.most = Math.max(this.most, queued + sent);
    points.cpumapCalls++;
    points.cpumapEnqueued += sent;
    points.cpumapDrops += n - sent;
    for (let i = sent; i < n; i++) {
      env.drop(cpu, bulk[i]!, REASON["ring-full"], this.place, this.qsize);
    }
    if (sent > 0) cpu.wake(this.#kthread);
  }

  /** One batch of the thread (cpu_map_kthread_run). */
  #run(cpu: Cpu): number {
    const now = (cpu as Context).nowPs;
    const { points } = this.#target;
    let taken = 0;
    for (let i = 0; i < this.#rings.length && taken === 0; i++) {
      const ring = this.#rings[(this.#turn + i) % this.#rings.length]!;
      taken = ring.dequeueBurst(this.#out, CPU_MAP_BULK_SIZE, now);
      if (taken > 0) this.#turn = (this.#turn + i + 1) % this.#rings.length;
    }
    if (taken === 0) {
      points.kthreadSched++;
      const next = Math.min(...this.#rings.map((ring) => ring.nextPs()));
      cpu.sleep();
      if (next !== Infinity) cpu.wakeAt(Math.ceil(next / (cpu as Context).home.psPerCycle));
      return 1;
    }
    points.kthreadProcessed += taken;
    points.kthreadMost = Math.max(points.kthreadMost, taken);
    for (let i = 0; i < taken; i++) this.#handle(cpu, this.#out[i]!);
    this.#target.flush(cpu);
    this.#devices.kernel.receivers[this.lcore]!.flush(cpu);
    return taken;
  }

  #handle(cpu: Cpu, page: number): void {
    const { env, costs, kernel } = this.#devices;
    const { points, runner } = this.#target;
    const port = env.memory.port[page]!;
    const queue = this.#queueOf[page]!;
    cpu.charge(costs.cpumap_frame);
    if (this.program !== null) points.kthreadRuns++;
    const verdict = this.program === null
      ? XDP.PASS
      : runner.run(cpu, this.program, page, port, queue, -1);
    if (verdict === XDP.REDIRECT) {
      points.kthreadRedirect++;
      this.#target.redirect(cpu, page, port, queue);
    } else if (verdict === XDP.PASS) {
      points.kthreadPass++;
      const skb = kernel.skbs[this.lcore]!.build(cpu, page);
      kernel.receivers[this.lcore]!.receive(cpu, skb, port);
    } else {
      points.kthreadDrop++;
      if (verdict !== XDP.DROP) points.exception++;
      env.drop(cpu, page, REASON.consumed);
    }
  }
}
