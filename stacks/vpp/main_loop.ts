/**
 * A thread's main loop (vlib_main_or_worker_loop), one dispatch a body: input nodes, then pending frames until none is
 * left. dpdk-input takes a body for each of its queues that has something, so that each is looked at in its own time;
 * a pass over all queues that finds nothing is one body that leaves no trace.
 *
 * Loops that find nothing may be skipped by the machine. How many there were is told afterwards by the time that went
 * by and by what each takes, unless `pollStats` has them counted as they happen.
 *
 * Interrupt and adaptive mode. An input node in interrupt state runs when its device has raised an interrupt, and
 * unmasks it afterwards; with nothing pending the thread sleeps. Adaptive mode changes between the
 * two (`adaptive.ts`).
 *
 * Source: VPP src/vlib/main.c (dispatch_node, VLIB_LOG2_MAIN_LOOPS_PER_STATS_UPDATE).
 */
import type { Context } from "../../core/host/context.ts";
import type { PollPort } from "../../core/nic/poll_port.ts";
import type { Cpu } from "../../core/stack.ts";
import { AdaptiveWindow, type InputState } from "./adaptive.ts";
import type { Barrier } from "./barrier.ts";
import type { RxMode } from "./cli.ts";
import { dpdkInputQueue, type RxQueue } from "./dpdk_input.ts";
import type { Handoff } from "./handoff.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRuntime } from "./vlib_node.ts";
import type { VnetMain } from "./vnet_main.ts";

/** What a loop needs of the parts around it. */
export interface LoopParts {
  readonly vnet: VnetMain;
  readonly vm: VlibMain;
  readonly barrier: Barrier;
  readonly handoff: Handoff;
  /** Cycles of an interrupt's handler. */
  readonly interruptCycles: number;
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
  state: InputState = "polling";
  /** What the state follows in adaptive mode. */
  readonly window = new AdaptiveWindow();
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
  /** Refills that the pool had refused when the last pass was over. */
  #refused = 0;
  /** Whether frames of other threads were taken, and no device has been looked at since. */
  #hasTaken = false;

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
      const handed = this.#takeHanded();
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
    const handed = this.#takeHanded();
    return handed > 0 ? this.#end(handed) : this.#emptyLoop(cpu);
  }

  /** Frames of other threads, once a loop: before they are looked for again, devices have had their turn. */
  #takeHanded(): number {
    const isTurnOfDevices = this.#hasTaken && (this.state !== "interrupt" || this.#interrupted);
    this.#hasTaken = false;
    if (isTurnOfDevices) return 0;
    const handed = this.#parts.handoff.dequeue(this.vm);
    this.#hasTaken = handed > 0;
    return handed;
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
    if (this.mode === "adaptive") this.state = this.window.next(this.state, this.#passVectors);
    if (this.state === "interrupt") this.#wait(cpu);
    this.#passVectors = 0;
    this.#passClocks = 0;
  }

  /** Nothing was there: the loop may be repeated without being run. */
  #emptyLoop(cpu: Cpu): number {
    if (this.#parts.vnet.settings.pollStats) this.vm.now = cpu.tsc();
    if (this.state === "interrupt" && !this.#interrupted) cpu.sleep();
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

  /**
   * Waits for interrupts, but looks once more after a pass that found something or met a pool that refused: a burst ends
   * at the end of a ring, and what lies behind has been announced already.
   */
  #wait(cpu: Cpu): void {
    const { ports } = this.#parts.vnet.env;
    const refused = this.queues.reduce((sum, q) => sum + (ports[q.port] as PollPort).rxNombuf, 0);
    this.#interrupted ||= this.#passVectors > 0 || refused !== this.#refused;
    this.#refused = refused;
    this.#unmask(cpu);
  }

  #unmask(cpu: Cpu): void {
    const { nics } = this.#parts.vnet.env.hardware;
    for (const { port, queue } of this.queues) {
      nics[port]!.queues.irqEnable(cpu as Context, queue);
    }
  }
}
