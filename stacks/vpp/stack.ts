/**
 * FD.io VPP: a graph of nodes over frames of packets. Boot builds the graph, the interfaces and the tables, gives every
 * receive queue to a thread, runs the startup lines, and starts a main loop on each lcore.
 *
 * Threads: with one lcore it is vpp_main's and polls; with more each is a worker's, and vpp_main is beside them.
 */
import type { Cpu, Dataplane, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { Acls, ip4FeatureNodes } from "./acl.ts";
import { audit } from "./audit.ts";
import { DispatchWitness } from "./audit_dispatch.ts";
import { Barrier, startMainProcess } from "./barrier.ts";
import { applyCommand, type CliTarget } from "./cli_apply.ts";
import { addAdjacency } from "./cli_routes.ts";
import { VppCosts } from "./costs.ts";
import { Handoff } from "./handoff.ts";
import { VPP_INVARIANTS } from "./invariants.ts";
import { LOCAL } from "./ip6_fib.ts";
import { DPO } from "./load_balance.ts";
import { MainLoop } from "./main_loop.ts";
import { registerNodes, vppArcs } from "./nodes.ts";
import { settingsOf, type VppOptions, type VppSettings } from "./options.ts";
import { policyOf } from "./policy.ts";
import { vppReport } from "./report.ts";
import { Tracer } from "./trace.ts";
import { VlibBuffers } from "./vlib_buffer.ts";
import { VlibMain } from "./vlib_main.ts";
import type { VlibShared } from "./vlib_shared.ts";
import { Graph } from "./vlib_node.ts";
import { Vnet } from "./vnet.ts";

/** Address of next hop 0, where `neighbours` says nothing: 192.0.2.0 (RFC 5737). */
const FIRST_NEIGHBOUR = 0xc0000200;
/** The driver's calls are in the figures of dpdk-input and of the output nodes. */
const NO_DRIVER_COSTS = {
  "pmd.rx.burst": 0,
  "pmd.rx.packet": 0,
  "pmd.tx.burst": 0,
  "pmd.tx.packet": 0,
};

/**
 * The stack.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when `loop` is none of its words, or a CLI line is not understood
 * @example
 * ```ts
 * import { vpp } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(vpp().policy!.congestion, ["rx-missed", "tx-full"]);
 * assertThrows(() => vpp({ frameSize: 257 }), RangeError, "frameSize 257");
 * assertThrows(() => vpp({ startup: ["show me"] }), TypeError, 'unknown input "show me"');
 * ```
 */
export function vpp(options: VppOptions = {}): Stack {
  const settings = settingsOf(options);
  const stack = (env: Env): Dataplane => new Vpp(env, settings);
  return Object.assign(stack, { policy: policyOf(settings), invariants: VPP_INVARIANTS });
}

class Vpp implements Dataplane {
  readonly name = "vpp";
  readonly #vnet: Vnet;
  readonly #shared: VlibShared;
  readonly #target: CliTarget;
  readonly #barrier: Barrier;
  /** Loop of each MSI-X vector. */
  readonly #byVector: MainLoop[] = [];

  constructor(env: Env, settings: VppSettings) {
    const { buffersPerNuma } = settings;
    env.configure({
      costs: NO_DRIVER_COSTS,
      ...buffersPerNuma === null ? {} : { mbufs: buffersPerNuma },
    });
    const vnet = new Vnet(env, settings);
    const graph = new Graph();
    const costs = new VppCosts(env, settings.loop);
    const acls = new Acls();
    const tracer = new Tracer((index) => vnet.interfaces.all[index]!.name);
    const parts = { vnet, acls, costs, handoff: () => this.#target.handoff };
    registerNodes(graph, parts, ip4FeatureNodes(vnet, acls, costs));
    vnet.features = vppArcs(graph);
    const handoff = new Handoff(env, settings.frameQueueSize, graph.index("ethernet-input"));
    this.#shared = {
      ...{ env, graph, tracer, epoch: 0, frameSize: settings.frameSize },
      buffers: new VlibBuffers(env.pool),
      witness: settings.audit ? new DispatchWitness() : null,
    };
    this.#vnet = vnet;
    this.#barrier = new Barrier(env.lcores);
    const loops = this.#makeLoops(handoff, costs);
    vnet.loops = loops;
    const threads = loops.map(({ vm }) => vm);
    this.#target = { vnet, graph, tracer, acls, handoff, loops, threads, clearedAt: 0 };
    this.#configure();
    this.#start(costs);
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#byVector[vector]!.interrupt(cpu);
  }

  report(): ReportRow[] {
    return vppReport(this.#target, this.#shared, this.#barrier);
  }

  audit(): Finding[] {
    return audit(this.#target, this.#shared);
  }

  #makeLoops(handoff: Handoff, costs: VppCosts): MainLoop[] {
    const { env, graph } = this.#shared;
    const input = graph.index("dpdk-input");
    return Array.from({ length: env.lcores }, (_, thread) => {
      const vm = new VlibMain(thread, this.#shared);
      const loop = new MainLoop({
        ...{ vnet: this.#vnet, vm, handoff, barrier: this.#barrier },
        interruptCycles: costs.named("interrupt"),
      }, vm.runtimes[input]!);
      env.ports.forEach((_, port) => loop.queues.push({ port, queue: thread }));
      return loop;
    });
  }

  /** Interfaces, neighbours, routes, then the startup lines. */
  #configure(): void {
    const vnet = this.#vnet;
    const { env, settings, interfaces, adjacencies } = vnet;
    const { graph, witness } = this.#shared;
    const { neighbours: given, addresses, addresses6, mtu } = settings;
    const { neighbours } = env;
    enough("addresses", addresses.length, "ports", env.ports.length);
    enough("neighbours", given.length, "next hops", neighbours.count);
    for (const each of interfaces.all) {
      each.mtu = mtu;
      for (const arc of Object.values(vnet.features)) arc.addInterface(each.index);
    }
    for (let hop = 0; hop < neighbours.count; hop++) {
      const out = interfaces.all[neighbours.port[hop]! + 1]!;
      const { index } = addAdjacency(vnet, graph, out, given[hop] ?? FIRST_NEIGHBOUR + hop);
      if (given.length === 0) adjacencies.update(index, neighbours.mac, hop * 6);
    }
    vnet.fib.load(env.fib, (hop) => ({ type: DPO.adjacency, index: hop, weight: 1 }));
    for (const address of addresses) vnet.fib.add(address, 32, [LOCAL]);
    for (const address of addresses6) vnet.fib6.add(address, 128, [LOCAL]);
    for (const command of settings.startup) applyCommand(this.#target, command, 0);
    if (witness !== null) {
      witness.isComplete = (index) => adjacencies.complete[index] === 1;
      witness.isDown = (index) => !interfaces.all[index]!.adminUp;
    }
  }

  #start(costs: VppCosts): void {
    const { env, settings } = this.#vnet;
    const { loops } = this.#target;
    loops.forEach((loop, lcore) => {
      loop.context = env.spawn(lcore, "thread", (cpu) => loop.poll(cpu), loop.isStateless);
    });
    for (const loop of loops) {
      loop.start();
      if (loop.mode === "polling") continue;
      for (const { port, queue } of loop.queues) {
        this.#byVector[env.hardware.nics[port]!.vectors[queue]!.id] = loop;
      }
    }
    startMainProcess(settings.commands, {
      ...{ env, costs, shared: this.#shared, barrier: this.#barrier },
      workers: () => loops.map(({ context }) => context),
      apply: (cpu, command) => applyCommand(this.#target, command, cpu.tsc()),
    });
  }
}

/** @throws {RangeError} when some, but not all, have an address */
function enough(option: string, given: number, what: string, needed: number): void {
  if (given === 0 || given >= needed) return;
  throw new RangeError(`Cannot boot vpp: ${given} ${option} for ${needed} ${what}`);
}
