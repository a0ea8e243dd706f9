/** Our rings beside rte_ring, 1024 slots and elements of 4 bytes on both sides. */
import { MpmcRing, mpmcRingBytes, SpscRing, spscRingBytes } from "../../core/mod.ts";
import { fresh } from "../benchmark.ts";
import { TwoThreads } from "../two_threads.ts";
import { Dpdk } from "./dpdk.ts";
import { cpuSeconds, inTurn, type Row } from "./in_turn.ts";
import { PROGRAM } from "./place.ts";

const SLOTS = 1024;
const BURSTS = [1, 8, 32] as const;
type Ring = SpscRing | MpmcRing;

/** Items for which an SPSC ring publishes once where it does so in batches. */
const BATCH = 128;
/** Goals by burst: between two threads. */
const SPSC_GOALS = { 1: 0.6, 8: 0.7, 32: 0.8 };

/** All rows. */
export async function compareRings(files: readonly string[], rounds: number): Promise<Row[]> {
  const dpdk = await Dpdk.start(PROGRAM, files);
  const rows: Row[] = [];
  const shared = new SharedArrayBuffer(spscRingBytes(SLOTS));
  const oneThread: [string, string, string, Ring][] = [
    ["SpscRing", "st", "rte_ring SP/SC", new SpscRing(SLOTS)],
    ["SpscRing, shared", "st", "rte_ring SP/SC", new SpscRing(SLOTS, { shared })],
    [
      "MpmcRing, mt, shared",
      "mt",
      "rte_ring MP/MC",
      new MpmcRing(SLOTS, { shared: new SharedArrayBuffer(mpmcRingBytes(SLOTS)) }),
    ],
  ];
  for (const [what, mode, theirs, ring] of oneThread) {
    for (const burst of BURSTS) {
      const items = burst === 1 ? 2_000_000 : burst * 500_000;
      const pass = fresh(inAndOut) as (ring: Ring, burst: number, items: number) => void;
      rows.push(
        await inTurn({
          subject: "ring on one thread",
          what: `${what}, burst ${burst}`,
          theirs,
          unit: "items in and out",
          items,
          rounds,
          timeOurs: () => cpuSeconds(() => pass(ring, burst, items)),
          timeTheirs: () => dpdk.seconds(`ring ${mode} ${burst} ${items}`),
        }),
      );
    }
  }
  for (const [kind, batch] of [["spsc", 1], ["spsc", BATCH], ["mt", 1]] as const) {
    const threads = new TwoThreads(kind, batch);
    for (const burst of BURSTS) {
      const items = burst * (burst === 1 ? 100_000 : 30_000);
      rows.push(
        await inTurn({
          subject: "ring between two threads",
          what: kind === "spsc"
            ? `SpscRing, ${batch > 1 ? `batch ${batch}, ` : ""}burst ${burst}`
            : `MpmcRing, both do both, burst ${burst}`,
          theirs: kind === "spsc" ? "rte_ring SP/SC" : "rte_ring MP/MC",
          unit: "items",
          goal: kind === "spsc" ? SPSC_GOALS[burst] : 1,
          items,
          rounds,
          timeOurs: () => threads.seconds(burst, items),
          timeTheirs: () =>
            dpdk.seconds(`threads ${kind === "spsc" ? "st" : "mt"} ${burst} ${items}`),
        }),
      );
    }
    threads.stop();
  }
  await dpdk.stop();
  return rows;
}

function inAndOut(ring: Ring, burst: number, items: number): void {
  const buffer = new Int32Array(burst);
  for (let moved = 0; moved < items; moved += burst) {
    if (ring.enqueueBulk(buffer, 0, burst) === 0) throw new Error("the ring is full");
    if (ring.dequeueBulk(buffer, burst) === 0) throw new Error("the ring is empty");
  }
}
