/**
 * A thread's main loop (vlib_main_or_worker_loop), one dispatch a body: input nodes, then pending frames until none is
 * left. dpdk-input takes a body for each of its queues that has something, so that each is looked at in its own time;
 * a pass over all queues that finds nothing is one body that leaves no trace.
 *
 * Loops that find nothing may be skipped by the machine. How many there were is told afterwards by the time that went
 * by and by what each takes, unless `pollStats` has them counted as they happen.
 *
 * Interrupt and adaptive mode. An input node in interrupt state runs when its device has raised an interrupt, and
 * unmasks it afterwards; with nothing pending the thread sleeps. In adaptive mode more than 10 vectors within a window
 * of 128 loops make it poll; fewer than 5 at the end of one send it back.
 *
 * Source: VPP src/vlib/main.c (dispatch_node, VLIB_LOG2_MAIN_LOOPS_PER_STATS_UPDATE, polling_threshold_vector_length).
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Barrier } from "./barrier.ts";
import type { RxMode } from "./cli.ts";
import { dpdkInputQueue, type RxQueue } from "./dpdk_input.ts";
import type { Handoff } from "./handoff.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRuntime } from "./vlib_node.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Main loops of a window. */
export const WINDOW_LOOPS = 128;
/** Vectors in a window above which an input node polls, and below which it waits for interrupts. */
export const POLLING_THRESHOLD = 10;
export const INTERRUPT_THRESHOLD = 5;

/** What a loop needs of the parts around it. */
export interface LoopParts {
  readonly vnet: VnetMain;
  readonly vm: VlibMain;
  readonly barrier: Barrier;
  readonly handoff: Handoff;
  /** Cycles of an interrupt's handler. */
  readonly interruptCycles: number;
}

/** A change of state of an input node, and the vectors of the window that led to it. */
export interface ModeSwitch {
  readonly to: "polling" | "interrupt";
  readonly vectors: number;
  readonly loops: number;
}

/** The loop of one thread. */
export class MainLoop {
  readonly vm: VlibMain;
  /** Its context, set once it is spawned. */
  context!: Cpu;
  /** Queues that it serves. */
  readonly queues: RxQueue[] = [];
  mode: RxMode = "polling";
  /** State of dpdk-input. */
  state: "polling" | "interrupt" = "polling";
  /** Changes of it, for the audit. */
  readonly switches: ModeSwitch[] = [];
  /** Loops that began with frames still pending: none, says the audit. */
  earlyPolls = 0;
  readonly #parts: LoopParts;
  readonly #input: NodeRuntime;
  /** Queue that the pass under way looks at next; 0 at the head of the loop. */
  #next = 0;
  /** Vectors and clocks of the pass under way. */
  #passVectors = 0;
  #passClocks = 0;
  #interrupted = false;
  #windowLoops = 0;
  #windowVectors = 0;

  constructor(parts: LoopParts, input: NodeRuntime) {
    this.#parts = parts;
    this.vm = parts.vm;
    this.#input = input;
  }

  /** Whether its empty loops may be skipped. */
  get isStateless(): boolean {
    return !this.#parts.vnet.settings.pollStats && this.mode !== "adaptive";
  }

  /** The queues are known: interrupts are unmasked where they are waited for. */
  start(): void {
    this.state = this.mode === "polling" ? "polling" : "interrupt";
    if (this.state === "interrupt") this.#unmask(this.context);
  }

  /** A device's interrupt, in hard interrupt context. */
  interrupt(cpu: Cpu): void {
    cpu.charge(this.#parts.interruptCycles);
    this.#interrupted = true;
    cpu.wake(this.context);
  }

  /** One body: one dispatch. */
  poll(cpu: Cpu): number {
    const { vm } = this;
    vm.cpu = cpu;
    const before = vm.clocks;
    if (this.#next === 0) {
      if (vm.pending > 0) return this.#end(vm.dispatchPending());
      if (this.#parts.barrier.requested) return this.#parts.barrier.arrive(cpu, vm.thread);
      const handed = this.#parts.handoff.dequeue(vm);
      if (handed > 0) return this.#end(handed);
      if (this.state === "interrupt" && !this.#interrupted) {
        cpu.sleep();
        return 0;
      }
      this.#interrupted = false;
    }
    const n = this.#inputPass(cpu, before);
    if (n > 0) return this.#end(n);
    if (vm.pending > 0) return this.#end(vm.dispatchPending());
    return this.#emptyLoop(cpu);
  }

  /** Looks at queues until one has something; answers its vectors, 0 when the pass is over. */
  #inputPass(cpu: Cpu, before: number): number {
    const { vm, queues } = this;
    if (this.#next === 0) {
      if (vm.pending > 0) this.earlyPolls++;
      vm.charge(Math.round(this.#input.node.cost.call));
    }
    while (this.#next < queues.length) {
      const n = dpdkInputQueue(this.#parts.vnet, vm, this.#input, queues[this.#next++]!);
      if (n === 0) continue;
      if (this.#passVectors === 0) this.#countIdle(cpu, before);
      this.#passVectors += n;
      this.#passClocks += vm.clocks - before;
      if (this.#next === queues.length) this.#endPass(cpu);
      return n;
    }
    this.#passClocks += vm.clocks - before;
    this.#endPass(cpu);
    return 0;
  }

  #endPass(cpu: Cpu): void {
    this.#next = 0;
    if (this.#passVectors > 0 || this.#parts.vnet.settings.pollStats) {
      this.#input.count(this.#passVectors, this.#passClocks);
      this.vm.loops++;
    }
    if (this.mode === "adaptive") this.#updateWindow(this.#passVectors);
    if (this.state === "interrupt") this.#unmask(cpu);
    this.#passVectors = 0;
    this.#passClocks = 0;
  }

  /** Nothing was there: the loop may be repeated without being run. */
  #emptyLoop(cpu: Cpu): number {
    if (this.#parts.vnet.settings.pollStats) this.vm.now = cpu.tsc();
    if (this.state === "interrupt") cpu.sleep();
    return 0;
  }

  #end(n: number): number {
    this.vm.now = this.vm.cpu.tsc();
    return n;
  }

  /** Loops that found nothing since the thread last did something, before the body that began at `before`. */
  #countIdle(cpu: Cpu, before: number): void {
    const { vm } = this;
    if (this.#parts.vnet.settings.pollStats || this.state === "interrupt") return;
    const each = Math.round(this.#input.node.cost.call);
    const since = cpu.tsc() - (vm.clocks - before) - vm.now;
    const loops = each === 0 ? 0 : Math.max(0, Math.floor((since + 1) / each));
    this.#input.calls += loops;
    this.#input.clocks += loops * each;
    vm.loops += loops;
  }

  #updateWindow(vectors: number): void {
    this.#windowLoops++;
    this.#windowVectors += vectors;
    const [n, loops] = [this.#windowVectors, this.#windowLoops];
    if (this.state === "interrupt" && n > POLLING_THRESHOLD) this.#switchTo("polling", n, loops);
    else if (loops < WINDOW_LOOPS) return;
    else if (this.state === "polling" && n < INTERRUPT_THRESHOLD) {
      this.#switchTo("interrupt", n, loops);
    }
    this.#windowLoops = 0;
    this.#windowVectors = 0;
  }

  #switchTo(to: "polling" | "interrupt", vectors: number, loops: number): void {
    this.state = to;
    this.switches.push({ to, vectors, loops });
  }

  #unmask(cpu: Cpu): void {
    const { nics } = this.#parts.vnet.env.hardware;
    for (const { port, queue } of this.queues) {
      nics[port]!.queues.irqEnable(cpu as Context, queue);
    }
  }
}
