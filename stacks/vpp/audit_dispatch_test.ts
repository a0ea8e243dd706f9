// Aim: the witness of dispatches says what a node did wrong, and nothing of one that is right. Method: a graph of three
// nodes whose first is wrong in one way at a time, without a machine.
import { assertEquals } from "@std/assert";
import { Memory } from "../../core/memory/memory.ts";
import { Mempool } from "../../core/memory/mempool.ts";
import type { Env } from "../../core/stack.ts";
import { DispatchWitness } from "./audit_dispatch.ts";
import { Tracer } from "./trace.ts";
import { VlibBuffers } from "./vlib_buffer.ts";
import { VlibMain } from "./vlib_main.ts";
import { Graph, type NodeFunction, type NodeRegistration } from "./vlib_node.ts";

const COST = { call: 0, vector: 0 };

/** Runs `fn` over a frame of eight buffers; answers what the witness found. */
function seen(fn: NodeFunction, frameSize = 256): Record<string, string> {
  const memory = new Memory(64);
  const pool = new Mempool(memory, memory.region("mempool", 0, 64), [-1], 0);
  const graph = new Graph();
  const node = (name: string, nextNodes: string[], run: NodeFunction): NodeRegistration => ({
    ...{ name, type: "internal", nextNodes, cost: COST, fn: run },
  });
  graph.register([
    node("error-drop", [], (_vm, _node, frame) => frame.nVectors),
    node("first", ["error-drop", "error-drop"], fn),
  ]);
  const witness = new DispatchWitness();
  const vm = new VlibMain(0, {
    ...{ env: { memory, pool, lcores: 1 } as unknown as Env, graph, frameSize, witness, epoch: 0 },
    ...{ buffers: new VlibBuffers(pool), tracer: new Tracer(() => "") },
  });
  vm.cpu = { charge() {} } as unknown as VlibMain["cpu"];
  vm.inject(1, Int32Array.from({ length: 8 }, (_, i) => i), 8);
  vm.dispatchPending();
  return Object.fromEntries(witness.broken);
}

Deno.test("DispatchWitness finds nothing in a node that passes each vector on once, in order", () => {
  const right: NodeFunction = (vm, node, { buffers, nVectors }) => {
    for (let i = 0; i < nVectors; i++) vm.enqueue(node, i % 2, buffers[i]!);
    return nVectors;
  };
  assertEquals(seen(right), {});
});

Deno.test("DispatchWitness names a vector that is lost, doubled, overtaken, or not counted", () => {
  const passing =
    (pick: (i: number) => number, answer = 8): NodeFunction => (vm, node, { buffers }) => {
      for (let i = 0; i < 8; i++) if (pick(i) >= 0) vm.enqueue(node, 0, buffers[pick(i)]!);
      return answer;
    };
  assertEquals(seen(passing((i) => i === 3 ? -1 : i)), {
    "VPP-1": "first was given 8 vectors and passed 7 on",
  });
  assertEquals(seen(passing((i) => i === 3 ? 2 : i)), {
    "VPP-1": "first put buffer 2 on two arcs",
  });
  assertEquals(seen(passing((i) => i === 3 ? 4 : i === 4 ? 3 : i)), {
    "VPP-3": "first put vector 3 behind vector 4 of its frame",
  });
  assertEquals(seen(passing((i) => i, 7)), { "VPP-1": "first answers 7 of 8 vectors" });
});

Deno.test("DispatchWitness names a frame that holds too many", () => {
  assertEquals(
    seen((vm, node, { buffers }) => {
      vm.enqueueToSingleNext(node, 0, buffers, 8);
      return 8;
    }, 4),
    { "VPP-1": "first was given a frame of 8 vectors, expected 1..4" },
  );
});
