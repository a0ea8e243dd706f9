// Aim: a discipline loses nothing and keeps the order, however its driver stops, refuses and wakes; what it has no room
// for it drops and counts. Method: a driver that is told what it takes, drawn, against the list of what was given.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Softnet } from "../host/softirq.ts";
import type { Cpu, Env } from "../stack.ts";
import type { TxRing } from "./ixgbe_tx.ts";
import { PfifoFast } from "./qdisc.ts";

const step = fc.record({
  what: fc.constantFrom("give", "give", "wake", "run"),
  n: fc.integer({ min: 1, max: 9 }),
  room: fc.nat(12),
  stopsItself: fc.boolean(),
});

Deno.test("PfifoFast: what was given is sent in order, waits or was dropped, whether the driver stops or just refuses", () => {
  const seen = { refused: 0, dropped: 0 };
  fc.assert(fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
    const sent: number[] = [];
    const dropped: number[] = [];
    const state = { room: 5, stopsItself: true };
    const tx = {
      stopped: false,
      port: 0,
      onWake: null as ((cpu: Cpu) => void) | null,
      xmit: (_cpu: Cpu, skb: number) => {
        if (state.room === 0) {
          tx.stopped = state.stopsItself;
          seen.refused++;
          // at most once without a stop: then the driver has stopped
          state.stopsItself = true;
          return false;
        }
        sent.push(skb);
        if (--state.room === 0 && state.stopsItself) tx.stopped = true;
        return true;
      },
    };
    const env = {
      memory: { length: new Int32Array(1000).fill(60) },
      place: () => 0,
      drop: (_cpu: Cpu, skb: number) => void dropped.push(skb),
    } as unknown as Env;
    let isScheduled = false;
    const softnet = { netifSchedule: () => void (isScheduled = true) } as unknown as Softnet;
    const cpu = {} as Cpu;
    const qdisc = new PfifoFast(env, tx as unknown as TxRing, softnet, "eth0", 8);
    let next = 0;
    const waiting = (): number[] =>
      Array.from({ length: next }, (_, i) => i).filter((i) =>
        !sent.includes(i) && !dropped.includes(i)
      );
    for (const { what, n, room, stopsItself } of steps) {
      if (what === "give") { for (let i = 0; i < n && next < 900; i++) qdisc.enqueue(cpu, next++); }
      else if (what === "wake") {
        Object.assign(state, { room, stopsItself });
        tx.stopped = room === 0;
        if (room > 0) tx.onWake!(cpu);
      } else if (isScheduled && !tx.stopped) {
        isScheduled = false;
        qdisc.run(cpu);
      }
      assertEquals([...sent].sort((a, b) => a - b), sent, "in the order in which they were given");
      assertEquals(new Set(sent).size, sent.length);
      assertEquals([qdisc.backlog, qdisc.sentPackets], [waiting().length, sent.length]);
      assertEquals(qdisc.dropped, dropped.length);
      assert(qdisc.backlog <= 8);
    }
    Object.assign(state, { room: 1000, stopsItself: true });
    tx.stopped = false;
    qdisc.run(cpu);
    assertEquals([waiting(), qdisc.backlog], [[], 0]);
    seen.dropped += dropped.length;
  }));
  assert(seen.refused > 20 && seen.dropped > 20, `HARN-3: ${JSON.stringify(seen)}`);
});
