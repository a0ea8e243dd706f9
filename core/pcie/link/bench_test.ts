// Aim: what is measured of a way is what the way is: its rates lie between the closed forms with and without DLLPs, its
// latencies are sums of its parts, and an engine bounds both as it says. Method: the closed forms, and sums by hand.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  payloadGbps,
  type PcieGeneration,
  pcieRawGbps,
  type PcieSetup,
  pcieTlpGbps,
  readBytes,
  writeBytes,
} from "../bandwidth.ts";
import { benchPcie, PCIE_NO_ENGINE, type PcieBenchSetup, type PcieEngine } from "./bench.ts";
import type { PcieLatency, PcieOptions } from "./options.ts";
import { PCIE_SWITCHES_MAX, pciePath } from "./path.ts";

const READ_PS = 300_000;
const WRITE_PS = 80_000;
const latency: PcieLatency = (_node, _address, _bytes, kind) =>
  kind === "read" ? READ_PS : WRITE_PS;

const link = (generation: PcieGeneration, lanes: number, propagationPs = 1000) => {
  return { generation, lanes, propagationPs };
};

/** A way all of whose links are alike, with the times above and enough reads at a time. */
function setupOf(
  to: "host" | "peer",
  switches: number,
  one = link(3, 8),
  change: Partial<PcieOptions> = {},
): PcieBenchSetup {
  const { nodes, src, dst } = pciePath(to, switches, one, one);
  return { options: { nodes, latency, reads: 1024, tagBits: 10, ...change }, src, dst };
}

Deno.test("benchPcie measures rates between the closed forms with and without DLLPs", () => {
  for (
    const [generation, lanes, mps, mrrs] of [[1, 4, 128, 512], [3, 8, 256, 512], [
      4,
      16,
      512,
      4096,
    ]] as const
  ) {
    for (const [to, switches] of [["host", 0], ["host", 2], ["peer", 1], ["peer", 3]] as const) {
      const setup = setupOf(to, switches, link(generation, lanes), { mps, mrrs });
      for (const bytes of [256, 1000, 4096]) {
        const form: PcieSetup = {
          ...{ generation, lanes, mps, mrrs, addressBits: 64, completionBytes: mps },
        };
        const [write, read] = [writeBytes(form, bytes), readBytes(form, bytes)];
        const noDllps = pcieRawGbps(generation, lanes) / pcieTlpGbps(generation, lanes, mps);
        const row = benchPcie(setup, bytes);
        const measured = [row.writeGbps, row.readGbps, row.bothGbps];
        const least = [[write], [read], [write, read]].map((all) =>
          payloadGbps(form, bytes, ...all)
        );
        measured.forEach((gbps, i) => {
          const what = `${
            ["write", "read", "both"][i]
          } of ${bytes} to ${to} by ${switches}, Gen${generation}`;
          // the last completions of a run come closer together than those before them
          assert(gbps > least[i]! * 0.995, `${what}: ${gbps}, less than ${least[i]}`);
          assert(
            gbps < least[i]! * noDllps * 1.005,
            `${what}: ${gbps}, more than ${least[i]! * noDllps}`,
          );
        });
      }
    }
  }
});

Deno.test("benchPcie: a switch more on the way costs a read two passes, and a write and its read no more", () => {
  const [switchPs, propagationPs] = [137_000, 2500];
  const row = (switches: number) =>
    benchPcie(setupOf("host", switches, link(3, 8, propagationPs), { switchPs }), 64);
  const rows = Array.from({ length: 5 }, (_, n) => row(n));
  for (let n = 1; n < rows.length; n++) {
    const [more, less] = [rows[n]!, rows[n - 1]!];
    const pass = switchPs + propagationPs;
    // SKP ordered sets are met by some and not by others
    assertAlmostEquals(more.readPs - less.readPs, 2 * pass, 2000, `read, switch ${n}`);
    assertAlmostEquals(
      more.writeReadPs - less.writeReadPs,
      2 * pass,
      2000,
      `write and read, switch ${n}`,
    );
  }
});

Deno.test("benchPcie: memory and engine add their own times to a read, to the picosecond", () => {
  const bytes = 512;
  const base = benchPcie(setupOf("host", 1), bytes);
  const slower = setupOf("host", 1, link(3, 8), {
    latency: (_n, _a, _b, kind) => kind === "read" ? READ_PS + 70_000 : WRITE_PS,
  });
  const engine: PcieEngine = {
    writePs: () => 5000,
    readStartPs: 90_000,
    readBytePs: 150,
    reads: 8,
  };
  const [memory, all] = [benchPcie(slower, bytes), benchPcie({ ...slower, engine }, bytes)];
  const skp = 2000;
  assertAlmostEquals(memory.readPs - base.readPs, 70_000, skp);
  assertAlmostEquals(all.readPs - memory.readPs, 90_000 + bytes * 150, skp);
  // the write has left before the read's request does
  assertAlmostEquals(all.writeReadPs - all.readPs, 5000, skp);
  // eight reads in the time of one
  assertAlmostEquals(all.readGbps, 8 * bytes * 8000 / all.readPs, all.readGbps * 0.1);
});

Deno.test("benchPcie: an engine's writes follow each other at its pace, where that is slower than the link", () => {
  const setup = {
    ...setupOf("host", 0),
    engine: { ...PCIE_NO_ENGINE, writePs: (n: number) => 300 * n },
  };
  for (const bytes of [64, 100, 256]) {
    const { writeGbps, bothGbps } = benchPcie(setup, bytes);
    assertAlmostEquals(writeGbps, 8000 / 300, 0.1, `${bytes} bytes`);
    assertAlmostEquals(bothGbps, 8000 / 300, 0.2, `${bytes} bytes, both`);
  }
  const one = { ...setupOf("host", 0), engine: { ...PCIE_NO_ENGINE, reads: 1 } };
  const { readGbps, readPs } = benchPcie(one, 256);
  assertAlmostEquals(readGbps, 256 * 8000 / readPs, 0.05);
});

Deno.test("benchPcie: a read that lies across a boundary of completions takes one more, a write does not", () => {
  const setup = setupOf("host", 0, link(3, 8), { split: "rcb" });
  const [even, odd] = [0, 60].map((offset) => benchPcie({ ...setup, offset }, 64));
  // 64 bytes and 20 around each completion
  assertAlmostEquals(odd!.readGbps / even!.readGbps, (64 + 20) / (64 + 40), 0.01);
  assert(odd!.readPs > even!.readPs);
  assertEquals(odd!.writeGbps, even!.writeGbps);
});

Deno.test("benchPcie goes through a window of 8 KiB, and answers the median of what it met there", () => {
  // the first is the slowest, and no two that follow each other are alike
  const times = [900_000, 200_000, 300_000];
  const asked: number[] = [];
  const uneven: PcieLatency = (_node, address, _bytes, kind) => {
    if (kind === "write") return WRITE_PS;
    asked.push(address);
    return times[(asked.length - 1) % times.length]!;
  };
  const [usual, row] = [latency, uneven].map((latency) => {
    asked.length = 0;
    return benchPcie({ ...setupOf("host", 0, link(3, 8), { latency }), offset: 3 }, 200);
  });
  assertAlmostEquals(row!.readPs, usual!.readPs, 2000);
  assertAlmostEquals(row!.writeReadPs, usual!.writeReadPs, 2000);
  // 203 bytes from each of 32 multiples of 256 on
  const starts = asked.filter((address) => address % 256 === 3);
  assertEquals(
    [...new Set(starts)].sort((a, b) => a - b),
    Array.from({ length: 32 }, (_, i) => 256 * i + 3),
  );
  // two runs of 2,048, and 31 reads alone and behind writes
  assertEquals(starts.length, 2 * 2048 + 2 * 31);
  assertEquals(starts.slice(0, 64), Array.from({ length: 64 }, (_, i) => 256 * (i % 32) + 3));
});

Deno.test("benchPcie answers the same on every run, and refuses what it cannot measure", () => {
  const setup = setupOf("peer", 3);
  assertEquals(benchPcie(setup, 200), benchPcie(setup, 200));
  for (const bytes of [0, 65537, 1.5, NaN]) {
    assertThrows(() => benchPcie(setup, bytes), RangeError, `the length is ${bytes}, not`);
  }
  for (const offset of [-1, 64]) {
    assertThrows(
      () => benchPcie({ ...setup, offset }, 1),
      RangeError,
      `the offset is ${offset}, not`,
    );
  }
  assertThrows(
    () => benchPcie({ ...setup, dst: setup.src }, 64),
    RangeError,
    "the address is its own",
  );
  assertThrows(() => benchPcie({ ...setup, src: 1 }, 64), RangeError, "no endpoint");
});

Deno.test("pciePath has as many switches on the way as it was asked for", () => {
  fc.assert(
    fc.property(fc.constantFrom("host", "peer"), fc.nat(PCIE_SWITCHES_MAX), (to, switches) => {
      const { nodes, src, dst } = pciePath(to as "host" | "peer", switches);
      const above = (node: number): number[] =>
        node <= 0 ? [0] : [node, ...above(nodes[node]!.parent)];
      const [left, right] = [above(src), above(dst)];
      const meeting = left.find((node) => right.includes(node))!;
      const way = [
        ...left.slice(0, left.indexOf(meeting) + 1),
        ...right.slice(0, right.indexOf(meeting)),
      ];
      assertEquals(way.filter((node) => nodes[node]!.kind === "switch").length, switches);
      // and no other
      assertEquals(nodes.filter(({ kind }) => kind === "switch").length, switches);
      assertEquals([nodes[src]!.kind, dst === 0 ? "root" : nodes[dst]!.kind], [
        "endpoint",
        to === "host" ? "root" : "endpoint",
      ]);
      if (to === "peer") assert(left.length - right.length <= 1 && left.length >= right.length);
    }),
  );
  for (const switches of [-1, 17, 0.5]) {
    assertThrows(() => pciePath("host", switches), RangeError, `switches is ${switches}, not`);
  }
});
