// Aim: flat out, a stack may drive ports or, with a driver of its own, the queue pairs below; nothing else is there.
// Method: a forwarder of ten lines over the rings alone, and one that asks for what there is none of.
import { assertEquals, assertThrows } from "@std/assert";
import { writeUdpFrame } from "../packet/frame.ts";
import type { Context } from "../host/context.ts";
import type { Memory } from "../memory/memory.ts";
import { postEmpty, postFull, takeReceived, takeSent } from "../nic/driver.ts";
import { REASON } from "../policy.ts";
import type { Dataplane, Env, Stack } from "../stack.ts";
import { towards } from "./_scenario_for_tests.ts";
import { FlatOut, type FlatOutInput } from "./flat_out.ts";

const RING = 8;

function input(): FlatOutInput {
  const frame = new Uint8Array(64);
  writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 1, dst: towards(0) });
  return {
    ports: 1,
    ring: RING,
    routes: {
      count: 1,
      prefix: Uint32Array.of(towards(0, 0)),
      depth: Uint8Array.of(16),
      nextHop: Uint32Array.of(0),
    },
    neighbours: {
      count: 1,
      port: Uint8Array.of(0),
      mac: new Uint8Array(6),
      portMac: new Uint8Array(6),
    },
    frames: [frame],
  };
}

/** Sends all but every fourth packet back, one a turn; sent ones are taken back by the head register. */
const ownDriver: Stack = (env: Env): Dataplane => {
  const memory = env.memory as Memory;
  const queues = env.hardware.nics[0]!.bootQueues();
  const [rx, tx] = [queues.rx[0]!, queues.tx[0]!];
  for (let slot = 0; slot < RING; slot++) postEmpty(memory, rx, slot, env.pool.get(0));
  let [at, tail, taken] = [0, 0, 0];
  return {
    name: "own driver",
    poll(cpu) {
      const context = cpu as Context;
      if (at === 0 && rx.done[0] === 0) queues.rxTail(context, 0, RING - 1);
      const b = takeReceived(memory, rx, at, -1);
      postEmpty(memory, rx, at, env.pool.get(0));
      queues.rxTail(context, 0, at);
      at = (at + 1) % RING;
      if (at % 4 === 0) env.drop(cpu, b, REASON.consumed);
      else {
        postFull(memory, tx, tail, b, false, context);
        tail = (tail + 1) % RING;
        queues.txTail(context, 0, tail);
      }
      for (; taken !== tx.sent; taken++) {
        env.pool.put(0, takeSent(memory, tx, taken % RING, -1, context));
      }
      return 1;
    },
  };
};

Deno.test("FlatOut runs a stack with a driver of its own on the queue pairs", () => {
  const flat = new FlatOut(ownDriver, input());
  assertEquals([flat.run(40), flat.dropped, flat.sent], [30, 10, 30]);
});

Deno.test("FlatOut reports what was sent where a report was asked for, and nowhere else", () => {
  const seen: number[] = [];
  const stack: Stack = (env) => {
    const memory = env.memory as Memory;
    const queues = env.hardware.nics[0]!.bootQueues();
    const tx = queues.tx[0]!;
    let isDone = false;
    return {
      name: "asks for some",
      poll(cpu) {
        const context = cpu as Context;
        if (!isDone) {
          for (let slot = 0; slot < RING - 1; slot++) {
            postFull(memory, tx, slot, env.pool.get(0), slot % 3 === 2, context);
          }
          queues.txTail(context, 0, RING - 1);
          for (let slot = 0; slot < RING; slot++) seen.push(tx.done[slot]!);
          isDone = true;
        }
        return 1;
      },
    };
  };
  new FlatOut(stack, input()).run(1);
  assertEquals(seen, [0, 0, 1, 0, 0, 1, 0, 0]);
});

Deno.test("FlatOut has no hardware but queue pairs, and says that there are no interrupts", () => {
  const stack: Stack = (env) => ({ name: `${env.hardware.nics[0]!.vectors}`, poll: () => 1 });
  assertThrows(() => new FlatOut(stack, input()), RangeError, "the stack needs vectors");
});

Deno.test("FlatOut: end gives a packet its fate, and the stack has its buffer still", () => {
  const stack: Stack = (env) => ({
    name: "keeps",
    poll(cpu) {
      env.end(cpu, env.pool.get(0), REASON.consumed);
      return 1;
    },
  });
  const flat = new FlatOut(stack, input());
  flat.run(3);
  assertEquals(flat.dropped, 3);
});
