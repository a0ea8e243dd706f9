/**
 * The audit: what was found out about each invariant when a run is over. Every checker is dumber than what it judges:
 * it adds up, scans and compares, and asks no table how it works.
 */
import type { Finding } from "../../core/stack.ts";
import type { CliTarget } from "./cli_apply.ts";
import type { FeatureArc } from "./feature.ts";
import { RX_PACKETS } from "./interfaces.ts";
import { INTERRUPT_THRESHOLD, POLLING_THRESHOLD, WINDOW_LOOPS } from "./adaptive.ts";
import type { VlibShared } from "./vlib_shared.ts";
import { auditLoadBalances, auditMtrie } from "./audit_tables.ts";
import type { DispatchWitness } from "./audit_dispatch.ts";

/** Findings of a run. */
export function audit(target: CliTarget, shared: VlibShared): Finding[] {
  const { witness } = shared;
  const findings: Finding[] = [
    { id: "VPP-9", broken: auditMtrie(target.vnet.fib) },
    { id: "VPP-10", broken: auditLoadBalances(target.vnet.loadBalances) },
    { id: "VPP-13", broken: buffers(target, shared) },
    { id: "VPP-19", broken: features(target) },
  ];
  if (target.loops.some(({ mode }) => mode === "adaptive")) {
    findings.push({ id: "VPP-7", broken: switches(target) });
  }
  if (target.tracer.asked > 0) findings.push({ id: "VPP-15", broken: traces(target) });
  if (witness === null || witness.dispatched === 0) return findings;
  const seen = (id: string): Finding => ({ id, broken: witness.broken.get(id) ?? null });
  return [
    ...findings,
    ...["VPP-1", "VPP-3", "VPP-16"].map(seen),
    { id: "VPP-2", broken: conservation(target, witness) },
    { id: "VPP-4", broken: starvation(target) },
    { id: "VPP-14", broken: receiveCounters(target, witness) },
    ...witness.rewrites === 0 ? [] : ["VPP-11", "VPP-17"].map(seen),
  ];
}

/** VPP-2: in and made equals sent, dropped and ended; all frames are dispatched at rest. */
function conservation({ threads, handoff }: CliTarget, witness: DispatchWitness): string | null {
  let received = 0;
  let handed = 0;
  let sent = 0;
  let dropped = 0;
  let waiting = handoff.waiting().length;
  for (const vm of threads) {
    handed += vm.handedIn;
    for (const { node, vectors } of vm.runtimes) {
      if (node.type === "input") received += vectors;
      if (node.flag === "output") sent += vectors;
      if (node.flag === "drop" && node.next.length === 0) dropped += vectors;
    }
    for (const frame of vm.frames()) waiting += frame.nVectors;
  }
  const given = received + handed + witness.generated;
  const ended = sent + dropped + witness.consumed;
  if (waiting > 0) return `${waiting} vectors wait in frames at rest`;
  if (given === ended) return null;
  return `dpdk-input ${received}, handed over ${handed} and made ${witness.generated} vectors, but tx ${sent}, ` +
    `drop ${dropped} and otherwise ended ${witness.consumed}`;
}

/** VPP-4: who polled too early. */
function starvation({ loops }: CliTarget): string | null {
  const early = loops.find(({ earlyPolls }) => earlyPolls > 0);
  if (early === undefined) return null;
  return `thread ${early.vm.thread} polled ${early.earlyPolls} times with frames pending`;
}

/** VPP-7: each change of state against the thresholds. */
function switches({ loops }: CliTarget): string | null {
  for (const { vm, window: { switches } } of loops) {
    for (const { to, vectors, loops: n } of switches) {
      const right = to === "polling"
        ? vectors > POLLING_THRESHOLD && n <= WINDOW_LOOPS
        : vectors < INTERRUPT_THRESHOLD && n === WINDOW_LOOPS;
      if (right) continue;
      return `thread ${vm.thread} went to ${to} after ${vectors} vectors in ${n} main loops`;
    }
  }
  return null;
}

/** VPP-13: every buffer is free, cached, in a ring, or in a frame. */
function buffers({ threads, handoff }: CliTarget, { env }: VlibShared): string | null {
  const { pool, hardware } = env;
  let inRings = 0;
  for (const { queues } of hardware.nics) {
    for (let q = 0; q < env.lcores; q++) {
      for (const ring of [queues.rx[q]!, queues.tx[q]!]) {
        for (let slot = 0; slot < ring.size; slot++) if (ring.buffer[slot]! >= 0) inRings++;
      }
    }
  }
  let inFrames = handoff.waiting().length;
  for (const vm of threads) for (const frame of vm.frames()) inFrames += frame.nVectors;
  const { size, free, cached } = pool;
  if (free + cached + inRings + inFrames === size) return null;
  return `of ${size} buffers ${free} are free, ${cached} cached, ${inRings} in rings, ${inFrames} in frames`;
}

/** VPP-14: what the threads counted against the vectors of frames that input nodes made. */
function receiveCounters(
  { vnet: { interfaces }, threads }: CliTarget,
  { received }: DispatchWitness,
): string | null {
  let counted = 0;
  for (const { thread } of threads) {
    for (const { index } of interfaces.all) {
      counted += interfaces.ofThread(thread, index, RX_PACKETS);
    }
  }
  if (counted === received) return null;
  return `rx packets of all threads are ${counted}, ${received} vectors came from input nodes`;
}

/** VPP-15: how many traces, and whether each is a walk in the graph. */
function traces({ tracer, graph }: CliTarget): string | null {
  if (tracer.traces.length > tracer.asked) {
    return `${tracer.traces.length} packets were traced, ${tracer.asked} asked for`;
  }
  for (const [packet, records] of tracer.traces.entries()) {
    for (let i = 1; i < records.length; i++) {
      const from = graph.nodes[graph.index(records[i - 1]!.node)]!;
      const to = graph.index(records[i]!.node);
      // from one thread to another there is a queue, not an arc
      if (from.next.includes(to) || records[i]!.thread !== records[i - 1]!.thread) continue;
      return `packet ${packet} went from ${from.name} to ${
        records[i]!.node
      }, between which there is no arc`;
    }
  }
  return null;
}

/** VPP-19: every pair of enabled features against both their constraints. */
function features({ vnet, graph }: CliTarget): string | null {
  for (const arc of Object.values(vnet.features) as FeatureArc[]) {
    for (const { index, name } of vnet.interfaces.all) {
      const names = arc.string(index).map((node) => graph.nodes[node]!.name);
      for (const { node, runsBefore = [], runsAfter = [] } of arc.registrations) {
        const at = names.indexOf(node);
        if (at < 0) continue;
        for (const [k, other] of names.entries()) {
          if (runsBefore.includes(other) && k < at) return wrong(arc, name, other, node);
          if (runsAfter.includes(other) && k > at) return wrong(arc, name, node, other);
        }
      }
    }
  }
  return null;
}

function wrong({ name }: FeatureArc, of: string, first: string, second: string): string {
  return `arc ${name} of ${of} has ${first} before ${second}, against what they ask for`;
}
