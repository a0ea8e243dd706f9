// Aim: a replay buffer holds exactly what was sent and not acknowledged, says what is to be sent again, and takes no
// Ack of what is acknowledged already or was never sent, over the wrap of its 12 bits.
// Method: drawn operations from a drawn sequence number on, held against plain numbers that only grow.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Replay, SEQUENCES } from "./_sequence.ts";
import { Tlp } from "./_tlp.ts";

const step = fc.record({
  what: fc.constantFrom("store", "store", "ack", "old ack", "unsent ack", "replay", "advance"),
  n: fc.nat(7),
});

Deno.test("Replay keeps what is not acknowledged, and takes no Ack that is old or of what was never sent", () => {
  const seen = new Map<string, number>();
  fc.assert(fc.property(
    fc.constantFrom(1, 4, 8, 2048),
    fc.constantFrom(0, SEQUENCES - 3, SEQUENCES / 2),
    fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
    (size, start, steps) => {
      const replay = new Replay(2, size);
      const d = 1;
      const modular = (n: number) => (n + SEQUENCES) % SEQUENCES;
      // sent, acknowledged, and next to be sent again, as plain numbers
      let [sent, acked, again] = [0, -1, -1];
      const store = () => {
        assertEquals(replay.store(d, new Tlp(sent), 100 + sent), modular(sent), "sequence number");
        sent++;
      };
      for (; sent < start; acked++) {
        store();
        assertEquals(replay.acknowledge(d, modular(sent - 1)), true);
      }
      for (const { what, n } of steps) {
        const unacked = sent - 1 - acked;
        assertEquals([replay.unacked(d), replay.isFull(d)], [unacked, unacked >= size]);
        assertEquals(replay.oldest(d), modular(acked + 1));
        assertEquals(replay.pending(d), again < 0 ? -1 : modular(again));
        for (let i = acked + 1; i < sent; i++) {
          assertEquals(replay.tlp(d, modular(i)).index, i);
          assertEquals(replay.bytes(d, modular(i)), 100 + i);
        }
        if (what === "store" && unacked < size) store();
        else if (what === "ack" && n < unacked) {
          acked += 1 + n;
          assertEquals(replay.acknowledge(d, modular(acked)), true, "a new Ack");
          if (again >= 0 && again <= acked) again = acked + 1;
          if (again >= sent) again = -1;
        } else if (what === "old ack") {
          assertEquals(replay.acknowledge(d, modular(acked - n)), false, "an old Ack");
        } else if (what === "unsent ack") {
          assertEquals(replay.acknowledge(d, modular(sent + n)), false, "an Ack of nothing");
        } else if (what === "replay" && unacked > 0) {
          replay.replay(d);
          again = acked + 1;
        } else if (what === "advance" && again >= 0) {
          replay.advance(d);
          again = again + 1 === sent ? -1 : again + 1;
        } else continue;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
      assertEquals([replay.unacked(0), replay.pending(0)], [0, -1], "the other direction");
    },
  ));
  for (const [what, n] of seen) assertEquals(n > 30, true, `${what}: ${n}`);
  assertEquals(seen.size, 6);
});
