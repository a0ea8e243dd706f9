// Aim: the contract of `Fabric` in both fidelities: segmentation, room, handlers run by the clock alone, errors,
// reset equal to new, and who blocks whom. Method: examples with exact counts, and drawn runs twice over.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Clock } from "../time/clock.ts";
import { createFabric } from "./create.ts";
import { GEOMETRY, type Operation, PROFILE, smallest, Testbed } from "./_testbed_for_tests.ts";
import { TlpFabric } from "./tlp.ts";

const FIDELITIES = ["coarse", "tlp"] as const;
const LIMITS = { horizonPs: 1e15, events: 1e6 };

function fresh(fidelity: "coarse" | "tlp", devices = 2) {
  const clock = new Clock();
  const fabric = createFabric(fidelity, clock, PROFILE, 8);
  fabric.reset(devices, GEOMETRY);
  return { clock, fabric };
}

function tlpsOf(bed: Testbed, op: Operation): Record<string, readonly number[]> {
  bed.run([op]);
  const used = bed.fabric.links().filter((link) => link.tlpBytes > 0);
  return Object.fromEntries(used.map((l) => [l.name, [...l.tlps, l.payloadBytes, l.tlpBytes]]));
}

for (const fidelity of FIDELITIES) {
  Deno.test(`${fidelity} fabric cuts operations into the TLPs that MPS and MRRS ask for`, () => {
    const bed = new Testbed(fidelity, 2);
    assertEquals(tlpsOf(bed, { kind: "write", src: 1, dst: 2, bytes: 60 }), {
      "nic0>switch": [1, 0, 0, 60, 84],
      "switch>nic1": [1, 0, 0, 60, 84],
    });
    assertEquals(tlpsOf(bed, { kind: "write", src: 2, dst: 0, bytes: 1518 }), {
      "switch>host": [6, 0, 0, 1518, 1518 + 6 * 24],
      "nic1>switch": [6, 0, 0, 1518, 1518 + 6 * 24],
    });
    assertEquals(tlpsOf(bed, { kind: "read", src: 1, dst: 0, bytes: 600 }), {
      "host>switch": [0, 0, 3, 600, 660],
      "switch>host": [0, 2, 0, 0, 48],
      "nic0>switch": [0, 2, 0, 0, 48],
      "switch>nic0": [0, 0, 3, 600, 660],
    });
    assertEquals(tlpsOf(bed, { kind: "read", src: 0, dst: 1, bytes: 1 }), {
      "host>switch": [0, 1, 0, 0, 24],
      "switch>host": [0, 0, 1, 1, 21],
      "nic0>switch": [0, 0, 1, 1, 21],
      "switch>nic0": [0, 1, 0, 0, 24],
    });
  });

  Deno.test(`${fidelity} fabric calls nobody from inside write, read and room`, () => {
    const { clock, fabric } = fresh(fidelity);
    const calls: number[] = [];
    const handler = clock.register((arg) => calls.push(arg));
    fabric.onRoom(1, clock.register(() => calls.push(-1)));
    let made = 0;
    while (fabric.room(1)) {
      if (made % 2 === 0) fabric.write(1, 2, 512, handler, made++);
      else fabric.read(1, 2, 512, handler, made++);
    }
    assertEquals(calls, []);
    assertEquals(clock.run(LIMITS), "quiet");
    assertEquals(calls.filter((arg) => arg >= 0).length, made);
    assert(calls.includes(-1), "room never came back");
  });

  Deno.test(`${fidelity} fabric has room when it says so, and takes nothing without`, () => {
    const { clock, fabric } = fresh(fidelity);
    const handler = clock.register(() => {});
    let woken = 0;
    fabric.onRoom(
      1,
      clock.register((src) => {
        woken++;
        assertEquals(src, 1);
        assert(fabric.room(1));
        fabric.write(1, 2, 256, handler, 0);
      }),
    );
    while (fabric.room(1)) fabric.write(1, 2, 256, handler, 0);
    assertThrows(
      () => fabric.write(1, 2, 256, handler, 0),
      RangeError,
      "Cannot write 256 bytes, node 1 to node 2: node 1 has no room",
    );
    assert(fabric.room(2), "another source is not held");
    clock.run(LIMITS);
    assertEquals(woken, 1);
    assert(fabric.room(1));
  });

  Deno.test(`${fidelity} fabric refuses operations that make no sense`, () => {
    const { fabric } = fresh(fidelity);
    const cases: [number, number, number, string][] = [
      [1, 1, 64, "a node has no link to itself"],
      [3, 1, 64, "node 3 is not in 0..2"],
      [1, -1, 64, "node -1 is not in 0..2"],
      [0.5, 1, 64, "node 0.5 is not in 0..2"],
      [1, 2, 0, "the length is not an integer in 1..1073741824"],
      [1, 2, NaN, "the length is not"],
      [1, 2, 2 ** 31, "the length is not"],
    ];
    for (const [src, dst, bytes, reason] of cases) {
      assertThrows(() => fabric.write(src, dst, bytes, 0, 0), RangeError, reason);
      assertThrows(() => fabric.read(src, dst, bytes, 0, 0), RangeError, reason);
    }
    const unset = createFabric(fidelity, new Clock(), PROFILE, 8);
    assertThrows(() => unset.write(1, 2, 64, 0, 0), RangeError, "has not been reset");
  });

  Deno.test(`${fidelity} fabric refuses sizes that no fabric has`, () => {
    const { clock, fabric } = fresh(fidelity);
    const cases: [number, Partial<typeof GEOMETRY>, string][] = [
      [0, {}, "devices is 0, not an integer in 1..8"],
      [9, {}, "devices is 9"],
      [2, { headerCredits: 0 }, "headerCredits is 0, not an integer in 1..127"],
      [2, { headerCredits: 128 }, "headerCredits is 128"],
      [2, { dataCredits: 15 }, "dataCredits is 15, not an integer in 16..2047"],
      [2, { mps: 200 }, "mps is 200, not a power of two in 128..4096"],
      [2, { mrrs: 8192 }, "mrrs is 8192"],
    ];
    for (const [devices, change, reason] of cases) {
      assertThrows(() => fabric.reset(devices, { ...GEOMETRY, ...change }), RangeError, reason);
    }
    const bad = (change: Partial<typeof PROFILE>) => () =>
      createFabric(fidelity, clock, { ...PROFILE, ...change }, 8);
    assertThrows(bad({ hostLinkGbps: 0 }), RangeError, "hostLinkGbps is 0");
    assertThrows(bad({ switchPs: 0.5 }), RangeError, "switchPs is 0.5");
    assertThrows(bad({ rcbBytes: 96 }), RangeError, "rcbBytes is 96, not 64 or 128");
    assertThrows(() => createFabric(fidelity, clock, PROFILE, 31), RangeError, "maxDevices is 31");
  });

  Deno.test(`${fidelity} fabric lets a blocked egress hold no other source`, () => {
    // two sources flood device 3, device 4 writes to device 5 as if alone
    const bed = new Testbed(fidelity, 5);
    const flood: Operation[] = [];
    for (let i = 0; i < 200; i++) {
      for (const src of [1, 2]) flood.push({ kind: "write", src, dst: 3, bytes: 256 });
    }
    const other: Operation = { kind: "write", src: 4, dst: 5, bytes: 64, at: 3_000_000 };
    bed.run([other, ...flood], smallest(256, 512));
    assertEquals(bed.doneAt[0], 3_000_000 + 12_163 + 150_000 + 110_000);
  });
}

const operation = fc.record({
  kind: fc.constantFrom("write" as const, "read" as const),
  src: fc.integer({ min: 0, max: 2 }),
  dst: fc.integer({ min: 0, max: 2 }),
  bytes: fc.integer({ min: 1, max: 3000 }),
}).filter(({ src, dst }) => src !== dst);
const operations = fc.array(operation, { minLength: 1, maxLength: 40 });
// few values of each size: two runs often differ in one of them alone, or in none
const geometries = fc.record({
  headerCredits: fc.constantFrom(1, 127),
  dataCredits: fc.constantFrom(16, 2047),
  mps: fc.constantFrom(128, 256),
  mrrs: fc.constantFrom(256, 512),
});

for (const fidelity of ["coarse", "tlp", "link"] as const) {
  Deno.test(`${fidelity} fabric after reset is equal to a new one`, () => {
    const used = new Testbed(fidelity, 2);
    const lot = fc.record({
      first: geometries,
      second: geometries,
      // left in the middle of anything, or at rest
      events: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(1e6)),
      // bytes beyond which the switch loses what is posted, where a fabric has that fault
      holds: fc.constantFrom(Infinity, Infinity, 0, 500),
    });
    fc.assert(
      fc.property(
        operations,
        operations,
        lot,
        (before, after, { first, second, events, holds }) => {
          used.run(before, first, events, (fabric) => fabric.loseBeyond?.(holds, () => {}));
          used.run(after, second);
          const unused = new Testbed(fidelity, 2);
          unused.run(after, second);
          assertEquals(used.clock.traceHash, unused.clock.traceHash);
          assertEquals(used.doneAt, unused.doneAt);
          const [mine, other] = [used, unused].map(({ fabric, clock }) => ({
            links: fabric.links(),
            credits: fabric.credits(clock.now),
            congestion: fabric.congestion?.(),
            room: [0, 1, 2].map((node) => fabric.room(node)),
          }));
          assertEquals(mine, other);
        },
      ),
      { numRuns: 150 },
    );
  });
}

Deno.test("A fabric of TLPs has room for so many of each class, whatever of the other one waits", () => {
  const kinds = fc.array(
    fc.tuple(fc.constantFrom("write" as const, "read" as const), fc.integer({ min: 1, max: 1200 })),
    { minLength: 1, maxLength: 60, size: "max" },
  );
  const waiting = fc.integer({ min: 1, max: 16 });
  let refused = 0;
  fc.assert(
    fc.property(waiting, fc.boolean(), fc.boolean(), kinds, (most, isTlp, isOneKind, list) => {
      const bed = isTlp
        ? new Testbed("tlp", 2, PROFILE, { tags: 4, reads: 4, waiting: most })
        : new Testbed("link", 2);
      bed.clock.reset();
      bed.fabric.reset(2, GEOMETRY);
      // no time goes by: of TLPs the first is on the link, of the model's operations none before its links are up
      const limit = isTlp ? most : 16;
      const count = { write: 0, read: 0 };
      for (const [i, [drawn, bytes]] of list.entries()) {
        const kind = isOneKind ? list[0]![0] : drawn;
        const has = count.write < limit && count.read < limit;
        assertEquals(bed.fabric.room(1), has, `${JSON.stringify(count)} wait, at most ${limit}`);
        if (!has) {
          refused++;
          break;
        }
        bed.fabric[kind](1, 2, bytes, -1, 0);
        const { mps, mrrs } = GEOMETRY;
        const tlps = isTlp ? Math.ceil(bytes / (kind === "write" ? mps : mrrs)) : 1;
        count[kind] += isTlp && i === 0 ? tlps - 1 : tlps;
      }
    }),
    { numRuns: 100 },
  );
  assert(refused > 50, `refused ${refused} times only`);
});

Deno.test("CoarseFabric calls a source again that is refused at the instant of a call", () => {
  // found by drawing: source 0 ran out of tags in the handler that had just told it of room
  const bed = new Testbed("coarse", 4);
  const flows: Operation[] = [
    { kind: "read", src: 0, dst: 1, bytes: 456 },
    { kind: "read", src: 2, dst: 3, bytes: 1404 },
    { kind: "read", src: 0, dst: 4, bytes: 991 },
    { kind: "write", src: 0, dst: 3, bytes: 37 },
    { kind: "read", src: 3, dst: 2, bytes: 173 },
  ];
  bed.run(Array.from({ length: 150 }, () => flows).flat());
  assertEquals(bed.undone(), []);
});

Deno.test("createFabric makes what is asked for", () => {
  for (const fidelity of FIDELITIES) assertEquals(fresh(fidelity).fabric.fidelity, fidelity);
  assertThrows(
    () => createFabric("fine" as "tlp", new Clock(), PROFILE, 8),
    RangeError,
    'Cannot make a fabric: fidelity is fine, not "coarse", "tlp" or "link"',
  );
});

Deno.test("TlpFabric refuses limits that let nothing through", () => {
  assertThrows(
    () => new TlpFabric(new Clock(), PROFILE, 2, { tags: 0, reads: 1, waiting: 1 }),
    RangeError,
    "tags is 0, not an integer in 1..4096",
  );
});

Deno.test("TlpFabric holds a source to the credit round trip", () => {
  // at most headers * payload / round trip; the one header comes back when the TLP begins to leave the switch, and
  // with the UpdateFC after it
  const bed = new Testbed("tlp", 2);
  const ops = Array.from({ length: 200 }, (): Operation => {
    return { kind: "write", src: 1, dst: 2, bytes: 64 };
  });
  bed.run(ops, { ...GEOMETRY, headerCredits: 1 });
  const trip = PROFILE.switchPs + PROFILE.updateFcPs;
  assertEquals((bed.doneAt[199]! - bed.doneAt[99]!) / 100, trip);
});

Deno.test("TlpFabric needs at most five events for a 64-byte write between devices under load", () => {
  const bed = new Testbed("tlp", 2);
  const ops = Array.from({ length: 1000 }, (): Operation => {
    return { kind: "write", src: 1, dst: 2, bytes: 64 };
  });
  bed.run(ops);
  // the source's own event for each room that comes back is in it
  assert(bed.clock.events / 1000 <= 5, `${bed.clock.events / 1000} events`);
});
