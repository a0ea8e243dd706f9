// Aim: packets keep their bytes whatever is done to their ends, where the start moves and where the bytes move is as the
// original decides, free packets are as new, and freelists neither lose nor invent any.
// Method: a process without apps, plain arrays of bytes as the model, laws over random operations.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { FLAG, Memory } from "../../core/memory/memory.ts";
import { run } from "./_rig_for_tests.ts";
import { Freelist } from "./freelist.ts";
import { GroupFreelist } from "./group_freelist.ts";
import { SnabbApp, snabbDesigns, type SnabbModules } from "./mod.ts";
import { Packets, type PacketSource } from "./packet.ts";

/** The packet module of a process that has just booted. */
function packets(): Packets {
  const { processes } = run([], { options: { design: () => {} }, patiencePs: 1 });
  return processes[0]!.packet as unknown as Packets;
}

/** A packet module that may take all of a memory of `n` packets. */
function packetsOf(n: number): { packet: Packets; memory: Memory } {
  const memory = new Memory(n);
  const { first } = memory.region("dma", 0, n);
  let next = first;
  const source = {
    ...{ memory, chargeCopy: () => {}, chargeChunk: () => {}, originate: () => {} },
    ...{ frees: { value: 0 }, freebytes: { value: 0 }, freebits: { value: 0 } },
    dmaAlloc: (out: Int32Array, wanted: number) => {
      const count = Math.min(wanted, first + n - next);
      for (let i = 0; i < count; i++) out[i] = next++;
      return count;
    },
  };
  return { packet: new Packets(source as unknown as PacketSource, n, n, null), memory };
}

type Operation = readonly ["left" | "right" | "append" | "prepend" | "resize", number];

const operations = fc.array(
  fc.tuple(
    fc.constantFrom("left", "right", "append", "prepend", "resize"),
    fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(2, 14, 40, 254, 256, 258, 300)),
  ),
  { maxLength: 30 },
) as fc.Arbitrary<Operation[]>;

/** Applies an operation to both; what shiftright uncovers is whatever it was, so it is written at once. */
function apply(packet: Packets, p: number, model: number[], [what, n]: Operation): void {
  const fresh = Uint8Array.from({ length: n }, (_, i) => (i * 7 + n) & 255);
  if (what === "left") {
    const gone = Math.min(n, model.length);
    packet.shiftleft(p, gone);
    model.splice(0, gone);
  } else if (what === "resize") {
    packet.resize(p, n);
    model.length > n ? model.splice(n) : model.push(...new Array(n - model.length).fill(0));
  } else if (model.length + n > 1518) return;
  else if (what === "right") {
    packet.shiftright(p, n);
    packet.data(p).set(fresh);
    model.unshift(...fresh);
  } else if (what === "append") {
    packet.append(p, fresh);
    model.push(...fresh);
  } else {
    packet.prepend(p, fresh);
    model.unshift(...fresh);
  }
}

Deno.test("snabb 8.10: packets keep their bytes through any shifts, and begin at an even byte of the window", () => {
  const packet = packets();
  fc.assert(fc.property(operations, fc.uint8Array({ maxLength: 200 }), (drawn, first) => {
    const p = packet.fromPointer(first);
    const model = [...first];
    for (const operation of drawn) {
      apply(packet, p, model, operation);
      assertEquals([...packet.data(p)], model);
      const headroom = packet.headroom(p);
      assert(headroom >= 0 && headroom <= 510 && headroom % 2 === 0, `headroom ${headroom}`);
    }
    packet.free(p);
    assertEquals([packet.headroom(p), packet.length(p)], [256, 0]);
  }));
});

Deno.test("snabb 8.10: a header that fits the headroom moves the start, another one moves the bytes; both are counted", () => {
  const packet = packets();
  const p = packet.fromPointer(new Uint8Array(100).fill(7));
  const shifts = () => [packet.fastShifts, packet.slowShifts, packet.headroom(p)];
  packet.shiftright(p, 40);
  assertEquals(shifts(), [1, 0, 216]);
  packet.shiftleft(p, 54);
  assertEquals(shifts(), [2, 0, 270]);
  packet.shiftleft(p, 3); // odd: the bytes move, to where those of a fresh packet begin
  assertEquals(shifts(), [2, 1, 256]);
  packet.shiftright(p, 256); // all that there is
  assertEquals(shifts(), [3, 1, 0]);
  packet.shiftright(p, 2); // more than that
  assertEquals(shifts(), [3, 2, 256]);
  packet.shiftleft(p, 254); // the last even byte of the window
  assertEquals(shifts(), [4, 2, 510]);
  packet.shiftleft(p, 2); // beyond it
  assertEquals(shifts(), [4, 3, 256]);
  assertThrows(() => packet.shiftleft(p, 1000), RangeError, "Cannot shift packet");
  assertThrows(() => packet.shiftright(p, 1500), RangeError, "packet payload overflow");
});

Deno.test("Packets frees last in, first out, and counts what a packet is on the wire", () => {
  const { processes, o } = run([], { options: { design: () => {} }, patiencePs: 1 });
  const { packet, freebits, frees } = processes[0] as unknown as {
    packet: Packets;
    freebits: { value: number };
    frees: { value: number };
  };
  const [a, b] = [packet.allocate(), packet.fromPointer(new Uint8Array(200))];
  packet.free(a);
  packet.free(b);
  assertEquals([packet.allocate(), packet.allocate()], [b, a]);
  assertEquals([frees.value, freebits.value], [2, (60 + 24 + 200 + 24) * 8]);
  assertEquals(o.faultCount, 0);
});

Deno.test("snabb 8.11: a process whose packets are all in use cannot go on, and says how many there were", () => {
  /** Keeps all packets. */
  class Hoard extends SnabbApp {
    readonly #process: SnabbModules;
    readonly #kept: number[] = [];
    constructor(_: unknown, process: SnabbModules) {
      super();
      this.#process = process;
    }
    override push(): void {
      const { link } = this.#process;
      while (!link.empty(this.input.input!)) this.#kept.push(link.receive(this.input.input!));
    }
  }
  const design = (process: SnabbModules): void => {
    snabbDesigns.router(process);
    const c = { apps: new Map(process.engine.configuration.apps), links: new Set<string>() };
    process.config.app(c, "router", Hoard);
    process.config.link(c, "nic0.output -> router.input");
    process.engine.configure(c);
  };
  const geometry = { rxRing: 64, txRing: 64 };
  assertThrows(
    () =>
      run(stream(1300, 2e6), { options: { maxPackets: 1100, design }, geometry, buffers: 4000 }),
    RangeError,
    "packet allocation overflow: all 1100 packets of the process are in use, expected at most 1100 (max_packets)",
  );
  // with packets for all of them it goes on
  const { o, finding } = run(stream(50, 1e6), {
    options: { maxPackets: 1100, design },
    geometry,
    patiencePs: 1e8,
  });
  assertEquals([o.end, o.emitted], ["horizon", 0]);
  assertEquals(finding(1), undefined, "the run did not become quiet");
});

Deno.test("Packets clones bytes, length and what the NIC has found out, into a packet that is nobody else's", () => {
  const { packet, memory } = packetsOf(8);
  const p = packet.fromPointer(Uint8Array.of(1, 2, 3, 4, 5));
  memory.flags[p] = FLAG.ipv4;
  const copy = packet.clone(p);
  assert(copy !== p);
  assertEquals([...packet.data(copy)], [1, 2, 3, 4, 5]);
  assertEquals([packet.length(copy), memory.flags[copy]], [5, FLAG.ipv4]);
  packet.data(copy)[0] = 9;
  packet.free(copy);
  assertEquals([[...packet.data(p)], memory.flags[p]], [[1, 2, 3, 4, 5], FLAG.ipv4]);
});

Deno.test("Packets grows in steps of 1000, 2000, 4000", () => {
  const sizes: number[] = [];
  const design = ({ packet }: SnabbModules): void => {
    sizes.push((packet as unknown as Packets).allocated);
  };
  const { packet } = packetsOf(8000);
  for (
    const [upTo, allocated] of [[1000, 1000], [3000, 3000], [7000, 7000], [8000, 8000]] as const
  ) {
    while (packet.allocated - packet.freelist.nfree < upTo) {
      packet.allocate();
      assertEquals(packet.allocated, allocated);
    }
  }
  assertThrows(() => packet.allocate(), RangeError, "all 8000 packets of the process are in use");
  run([], { options: { design, maxPackets: 900 }, patiencePs: 1 });
  run([], {
    options: { design, maxPackets: 5000 },
    buffers: 12_000,
    geometry: { rxRing: 1024, txRing: 1024 },
    patiencePs: 1,
  });
  assertEquals(sizes, [900, 5000]);
});

Deno.test("GroupFreelist holds what went in and did not come out, chunk by chunk in order", () => {
  const lists = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 2 })), { maxLength: 60 });
  let full = 0;
  fc.assert(fc.property(lists, (operations) => {
    const group = new GroupFreelist(4, 8);
    const all = [new Freelist(100), new Freelist(17), new Freelist(14)];
    for (let p = 0; p < 40; p++) all[p % 3]!.add(p);
    const chunks: number[][] = [];
    for (const [add, process] of operations) {
      const list = all[process]!;
      if (add) {
        const top = [...list.list.subarray(Math.max(0, list.nfree - 8), list.nfree)].reverse();
        const n = group.add(list);
        assertEquals(n, chunks.length === 4 ? 0 : top.length);
        if (chunks.length < 4) chunks.push(top);
      } else {
        const before = list.nfree;
        const hasRoom = before + (chunks[0]?.length ?? 0) <= list.max;
        const oldest = hasRoom ? chunks.shift() ?? [] : [];
        if (!hasRoom) full++;
        assertEquals(group.remove(list), oldest.length);
        assertEquals([...list.list.subarray(before, list.nfree)], oldest);
      }
      assertEquals([...group.packets()].sort(), chunks.flat().sort());
      assertEquals(group.nfree, group.added - group.removed);
    }
    const everywhere = [
      ...group.packets(),
      ...all.flatMap(({ list, nfree }) => [...list.subarray(0, nfree)]),
    ];
    assertEquals(everywhere.sort((a, b) => a - b), Array.from({ length: 40 }, (_, p) => p));
  }));
  assert(full > 5, `HARN-3: ${full} chunks found no room`);
});
