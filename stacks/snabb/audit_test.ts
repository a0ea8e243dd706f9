// Aim: every invariant of Snabb's can be broken, and says so with the values.
// Method: a run that keeps them all; then one part of a process is made wrong by hand and the audit asked again.
import { assert, assertEquals } from "@std/assert";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import type { Intel } from "./apps/intel_mp.ts";
import { auditOf } from "./audit.ts";
import { run } from "./_rig_for_tests.ts";
import { SNABB_INVARIANTS } from "./invariants.ts";
import { snabbDesigns } from "./mod.ts";
import { OrderWatch } from "./order_watch.ts";
import type { SnabbProcess } from "./process.ts";
import { ReconfigureWatch } from "./reconfigure_watch.ts";

/** What is made wrong, in which process, and what the audit then says. */
type Case = readonly [id: number, spoil: (process: SnabbProcess) => void, sentence: RegExp];

const nic0 = ({ engine }: SnabbProcess): Intel => engine.apps.get("nic0") as Intel;
const link = ({ engine }: SnabbProcess) => engine.links.get("nic0.output -> router.nic0")!;

const CASES: readonly Case[] = [
  [
    1,
    ({ packet: { freelist } }) => freelist.add(freelist.list[0]!),
    /^packet \d+ is in the freelist of process 0 and in the freelist of process 0, expected one place$/,
  ],
  [
    1,
    ({ packet: { freelist } }) => void freelist.remove(),
    /^\d+ packets were found, expected \d+: as many as were allocated$/,
  ],
  [
    1,
    (process) => process.packet.freelist.add(nic0(process).rx!.queue[0]!),
    /^packet \d+ is in the freelist of process 0 and in nic0, expected one place$/,
  ],
  [
    2,
    (process) => link(process).watch!.received(link(process), 7),
    /^link nic0.output -> router.nic0 gave packet 7, expected none: it is empty$/,
  ],
  [2, (process) => {
    const l = link(process);
    for (let p = 0; p < l.packets.length; p++) l.watch!.transmitted(l, p);
  }, /took packet 1023 with 1023 in it, expected 1023 at most$/],
  [
    3,
    (process) => void link(process).txpackets.value++,
    /^link nic0.output -> router.nic0 counted \d+ in and \d+ out, and holds 0$/,
  ],
  [4, ({ engine }) => {
    engine.orderWatch!.ran("pull", nic0({ engine } as SnabbProcess));
    engine.orderWatch!.ran("pull", nic0({ engine } as SnabbProcess));
    engine.orderWatch!.breathed(engine.apps);
  }, /^app nic0 was pulled 2 times in a breath, expected 1: pull nic0, pull nic0$/],
  [
    5,
    ({ engine }) => void (engine.mostPulled = 103),
    /^a pull transmitted 103 packets, expected 102 at most$/,
  ],
  [
    6,
    (process) => void (nic0(process).rx!.queue[3] = -1),
    /^slot 3 of the receive ring of nic0 has no packet$/,
  ],
  [
    6,
    (process) => nic0(process).watch!.rdt(5, 4, 64, 2, 3),
    /^nic0 moved on 2 slots for 3 packets$/,
  ],
  [
    7,
    (process) => nic0(process).watch!.rdt(5, 5, 64, 0, 0),
    /^nic0: RDT 5 gives 0 descriptors from slot 5 on, expected 63$/,
  ],
  [8, (process) => {
    const ring = process.env.hardware.nics[1]!.queues.tx[0]!;
    const { watch } = process.engine.apps.get("nic1") as Intel;
    for (let i = 0; i < 100; i++) watch!.freed(9, ring);
  }, /^nic1 freed the packet of transmit slot 9, the \d+th, when the device had sent 40$/],
  [
    8,
    (process) => (process.engine.apps.get("nic1") as Intel).watch!.outstanding(64, 64),
    /^nic1 has 64 packets out of 63 at most$/,
  ],
  [
    9,
    ({ engine }) => void (engine.longestSleepUs = 101),
    /^it slept 101 us, expected 100 at most$/,
  ],
  [9, ({ engine }) => void (engine.busywait = true), /^it slept \d+ times with busywait$/],
  [10, (process) => {
    const { watch } = process.engine.network;
    watch!.before(process.engine.links, new Set([link(process).name]), 0);
    link(process).packets[link(process).write] = 5;
    link(process).write++;
    watch!.after(process.engine.links, 0);
    link(process).write--;
  }, /^link nic0.output -> router.nic0, of both designs, held packets none before and 5 after$/],
  [
    11,
    ({ memory, packet }) => void memory.offset[packet.freelist.list[0]!]!++,
    /^data of packet \d+ begin at byte 257, expected an even one of 0..510$/,
  ],
  [
    12,
    ({ memory, packet }) => void (memory.length[packet.freelist.list[0]!] = 5),
    /^free packet \d+ has 5 bytes after 256 of headroom, expected 0 after 256$/,
  ],
  [
    13,
    ({ machinery }) => void (machinery.group!.added += 3),
    /^the group freelist holds 0 packets, expected 3 less 0$/,
  ],
  [
    14,
    ({ machinery }) => [...machinery.interlinks.all()][0]!.watch!.extracted(5),
    /^interlink 0\/nic0 gave packet 5 as number \d+ of \d+ that were pushed$/,
  ],
  [14, ({ machinery }) => {
    const [queue] = [...machinery.interlinks.all()];
    for (let i = 0; i <= queue!.size; i++) queue!.watch!.inserted(i);
    queue!.watch!.pushed();
    queue!.watch!.extracted(0);
  }, /^interlink 0\/nic0 took packet \d+ into a slot that was not pulled: \d+ of \d+ are in use$/],
  [
    15,
    (process) => nic0(process).watch!.received(1, false),
    /^nic0 gave a packet that is not IP to queue 1, expected 0$/,
  ],
  [
    15,
    (process) => void (process.env.hardware.nics[0]!.queues.reta[5] = 2),
    /^nic0 sends hashes to queue 2 of 2$/,
  ],
  [
    16,
    ({ engine }) => void (engine.committedAt = 0),
    /^after \d\d\d+ breaths the last commit was at 0, expected 100 before at most$/,
  ],
  [17, (process) => void (process.pauses += 2), /^of 2 pauses of 30 us \d are breaths so long$/],
];

/** A run of two processes with interlinks between them, that is quiet and has breathed a lot. */
function kept(): SnabbProcess[] {
  const offers = [...stream(80, 1e6, (i) => ({ srcPort: i })), ...stream(1, 0, () => ({}), 6e9)];
  const { o, processes } = run(offers, {
    options: { design: snabbDesigns.relay, gcPauseUs: 30, gcEveryBreaths: 1_000_000 },
    geometry: { lcores: 2, rxRing: 64, txRing: 64 },
    buffers: 12_000,
  });
  assertEquals(o.end, "quiet");
  assertEquals(o.findings.filter(({ broken }) => broken !== null), []);
  return processes as unknown as SnabbProcess[];
}

Deno.test("auditOf finds each invariant broken that is broken by hand, and says how", () => {
  const broken = new Set<number>();
  for (const [id, spoil, sentence] of CASES) {
    const processes = kept();
    spoil(processes[0]!);
    const said = auditOf(processes, processes[0]!.machinery).find((one) =>
      one.id === `SNABB-${id}`
    );
    assert(sentence.test(said?.broken ?? ""), `SNABB-${id}: ${said?.broken}`);
    broken.add(id);
  }
  assertEquals(broken.size, SNABB_INVARIANTS.length);
});

Deno.test("OrderWatch finds a push that comes before the pushes that feed it, not one in a cycle", () => {
  const app = (appname: string, input: object, output: object) => ({
    appname,
    push() {},
    input,
    output,
  });
  const [l, m] = [{ name: "l" }, { name: "m" }];
  const judge = (apps: Record<string, unknown>, ran: string[]) => {
    const watch = new OrderWatch();
    const table = new Map(Object.entries(apps)) as Parameters<OrderWatch["breathed"]>[0];
    for (const name of ran) watch.ran("push", table.get(name)!);
    watch.breathed(table);
    return watch.broken;
  };
  const line = { a: app("a", {}, { x: l }), b: app("b", { y: l }, {}) };
  assertEquals(judge(line, ["a", "b"]), null);
  assertEquals(
    judge(line, ["b", "a"]),
    "app b was not pushed after a, which feeds it: push b, push a",
  );
  assertEquals(judge(line, ["b", "a", "b"]), null, "what matters is the last push");
  const cycle = { a: app("a", { z: m }, { x: l }), b: app("b", { y: l }, { w: m }) };
  assertEquals(judge(cycle, ["b", "a"]), null);
});

Deno.test("ReconfigureWatch finds packets of a removed link that were not freed", () => {
  const watch = new ReconfigureWatch();
  const gone = { name: "l", packets: new Int32Array(8), read: 6, write: 1 };
  const links = new Map([["l", gone]]) as unknown as Parameters<ReconfigureWatch["before"]>[0];
  watch.before(links, new Set(), 10);
  watch.after(new Map(), 12);
  assertEquals(watch.broken, "links that were removed held 3 packets, of which 2 were freed");
});
