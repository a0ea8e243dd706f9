import { frame } from "../reference/_scenario_for_tests.ts";
import type { FaultKind, Observation } from "../../core/machine/observation.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  INGRESS,
  LCORE,
  type RunFields,
} from "./_observations_for_tests.ts";
import { emptyCounters } from "../../core/machine/accounts.ts";
import { NIC_1, NIC_2, NIC_3, NIC_4, NIC_5, NIC_6, NIC_9 } from "./nic.ts";
import { NIC_7, NIC_8 } from "./nic_truth.ts";

function fault(kind: FaultKind, packet = 0, other = INGRESS): RunFields {
  return { change: (o) => o.fault(kind, 1234, 12, packet, LCORE, other) };
}

Deno.test("NIC-1 is kept where the ledgers found nothing of the kind", () => {
  assertKept(NIC_1);
  assertKept(NIC_1, fault("freed-posted"));
});

Deno.test("NIC-1 names both owners", () => {
  const other = "ingress buffer of port 0";
  assertBroken(
    NIC_1,
    fault("posted-twice"),
    `at 1.234 ns lcore 0 handed on buffer 12 with packet 0, which ${other} still owned`,
    [0],
  );
  assertBroken(
    NIC_1,
    fault("completed-unposted", -1),
    `at 1.234 ns lcore 0 took buffer 12 back from a device, but ${other} owned it: ` +
      `it was not posted`,
    [],
  );
  assertBroken(
    NIC_1,
    fault("completed-twice", 0, -1),
    "at 1.234 ns lcore 0 reported buffer 12 with packet 0 done a second time",
    [0],
  );
});

Deno.test("NIC-3 is kept where the ledgers found nothing of the kind", () => {
  assertKept(NIC_3);
  assertKept(NIC_3, fault("double-free"));
});

Deno.test("NIC-3 names who did not wait", () => {
  const other = "ingress buffer of port 0";
  assertBroken(
    NIC_3,
    fault("freed-posted"),
    `at 1.234 ns lcore 0 touched buffer 12 with packet 0 while ${other} had it, ` +
      `before it was completed`,
    [0],
  );
  assertBroken(
    NIC_3,
    fault("overwritten"),
    `at 1.234 ns lcore 0 overwrote buffer 12 with packet 0, held by ${other}, ` +
      `before anything had become of it`,
    [0],
  );
});

Deno.test("NIC-1, NIC-3 do not call a run good whose findings were not all kept", () => {
  for (const law of [NIC_1, NIC_3, NIC_4]) {
    assertNotJudged(
      law,
      { change: (o) => void (o.faultCount = 70) },
      "only 0 of 70 findings of the ledgers were kept",
    );
  }
});

const frames = [frame(), frame()];

Deno.test("NIC-4 is kept by data that is there with its descriptor or before", () => {
  assertKept(NIC_4, { frames });
  assertKept(NIC_4, { frames, change: (o) => void (o.dataAt[1] = o.descAt[1]!) });
});

Deno.test("NIC-4 names a descriptor that came before its data", () => {
  assertBroken(
    NIC_4,
    { frames, change: (o) => void (o.dataAt[1] = o.descAt[1]! + 1) },
    "the descriptor of packet 1 was visible at 421.1 ns, its data only at 421.101 ns, " +
      "expected data first",
    [1],
  );
  assertBroken(
    NIC_4,
    { frames, change: (o) => void (o.dataAt[0] = -1) },
    "the descriptor of packet 0 was visible at 321.1 ns, its data never, expected data first",
    [0],
  );
  assertBroken(
    NIC_4,
    fault("done-without-data", -1),
    "at 1.234 ns lcore 0 took buffer 12 as received, but no packet had landed in it",
    [],
  );
});

Deno.test("NIC-4 and NIC-9 are not judged where no descriptor was written", () => {
  const change = (o: { descAt: Float64Array }) => void o.descAt.fill(-1);
  assertNotJudged(NIC_4, { frames, change }, "no descriptor was written");
  assertNotJudged(NIC_9, { frames, change }, "no descriptor was written");
});

Deno.test("NIC-9 is kept where every announced packet was taken", () => {
  assertKept(NIC_9, { frames });
  const unannounced: RunFields["change"] = (o) => void (o.descAt[0] = o.seenAt[0] = -1);
  assertKept(NIC_9, { frames, change: unannounced });
});

Deno.test("NIC-9 names a packet that nobody looked at", () => {
  const sentence = "packet 1 was there to be taken since 421.1 ns and nobody had looked when the " +
    "run ended at 1.0672 us: a wake-up was lost";
  const missed: RunFields = { frames, fates: { 1: "waits" } };
  assertBroken(NIC_9, { ...missed, change: (o) => void (o.seenAt[1] = -1) }, sentence, [1]);
  // A timer that goes on for ever keeps such a machine from going quiet.
  const ended = (end: "horizon" | "limit") => (o: Observation) => {
    o.seenAt[1] = -1;
    o.end = end;
  };
  assertBroken(NIC_9, { ...missed, change: ended("horizon") }, sentence, [1]);
  assertNotJudged(
    NIC_9,
    { ...missed, change: ended("limit") },
    "the run ended at its limit of events",
  );
});

Deno.test("NIC-1 is not judged where the ledger had nothing to look at", () => {
  const change = (o: { posts: number; moves: number; frees: number }) => {
    o.posts = o.moves = o.frees = 0;
  };
  assertNotJudged(NIC_1, { change }, "no buffer was posted");
});

Deno.test("NIC-3 is not judged where the ledger had nothing to look at", () => {
  const change = (o: { posts: number; moves: number; frees: number }) => {
    o.posts = o.moves = o.frees = 0;
  };
  assertNotJudged(NIC_3, { change }, "no buffer was posted and no packet moved");
});

Deno.test("NIC-2 and NIC-5 say what was found of a ring, and are not judged without a doorbell", () => {
  const found = (kind: FaultKind, buffer: number): RunFields => ({
    change: (o) => {
      o.doorbells = 1;
      o.fault(kind, 1234, buffer, -1, LCORE, INGRESS);
    },
  });
  for (const law of [NIC_2, NIC_5]) {
    assertKept(law, { change: (o) => void (o.doorbells = 1) });
    assertNotJudged(law, { change: (o) => void (o.doorbells = 0) }, "no doorbell was rung");
  }
  assertBroken(
    NIC_2,
    found("tail-past-head", -1),
    "at 1.234 ns a doorbell moved the tail of lcore 0 past its head, or out of the ring",
    [],
  );
  assertBroken(
    NIC_5,
    found("read-unposted", 12),
    "at 1.234 ns lcore 0 read a descriptor of ingress buffer of port 0 that names buffer 12, " +
      "which was not posted",
    [],
  );
});

Deno.test("NIC-6 names a ring that is dry at rest, unless its pool could not fill it", () => {
  const rest = (posted: number, free: number, end: "quiet" | "horizon" = "quiet"): RunFields => ({
    change: (o) => {
      o.end = end;
      o.rings = [{ name: "nic0 receive ring 0", size: 8, posted }];
      const device = { name: "memory of nic0", size: 99, free: 99, cached: 0, held: [] };
      o.pools = [{ ...device, device: true }, { ...device, name: "mempool", free }];
    },
  });
  assertKept(NIC_6, rest(1, 8));
  assertBroken(
    NIC_6,
    rest(0, 8),
    "at rest nic0 receive ring 0 had none of its 8 descriptors posted, though the pool had buffers " +
      "for all: nothing will be received any more",
    [],
  );
  assertNotJudged(NIC_6, rest(0, 7), "no receive ring could have been filled");
  assertNotJudged(NIC_6, rest(0, 8, "horizon"), "the run did not end at rest");
});

Deno.test("NIC-7 compares what a driver was told with the packet", () => {
  const told = (change: (o: Observation) => void): RunFields => ({
    frames,
    change: (o) => {
      o.seenPort.fill(0, 0, 2);
      o.seenLength.fill(60, 0, 2);
      o.seenFlags.fill(1, 0, 2);
      o.seenHash.fill(0, 0, 2);
      change(o);
    },
  });
  assertKept(NIC_7, told(() => {}));
  assertBroken(
    NIC_7,
    told((o) => void (o.seenPort[1] = 3)),
    "the driver was told port 3 of packet 1, expected 0",
    [1],
  );
  assertBroken(
    NIC_7,
    told((o) => void (o.seenLength[0] = 61)),
    "the driver was told length 61 of packet 0, expected 60",
    [0],
  );
  assertBroken(
    NIC_7,
    told((o) => void (o.seenFlags[0] = 0)),
    "the driver was told type 0 of packet 0, expected 1",
    [0],
  );
  // the first row of the verification suite, Microsoft "Verifying the RSS Hash Calculation"
  const row = frame({ src: "66.9.149.187", dst: "161.142.100.80", ports: [2794, 1766] });
  const hashed = (hash: number, fields = row): RunFields => {
    return { ...told((o) => void (o.seenHash[0] = hash)), frames: [fields, fields] };
  };
  assertKept(NIC_7, hashed(0x323e8fc2));
  assertKept(NIC_7, hashed(0x51ccc178));
  assertBroken(
    NIC_7,
    hashed(0x51ccc179),
    "the driver was told RSS hash 0x51ccc179 of packet 0, expected 0 or 0x323e8fc2 or 0x51ccc178",
    [0],
  );
  const arp = row.slice();
  arp[13] = 6;
  assertBroken(
    NIC_7,
    {
      ...hashed(1, arp),
      fates: { 0: "waits", 1: "waits" },
      change: (o) => {
        o.seenPort[0] = 0;
        o.seenLength[0] = 60;
        o.seenFlags[0] = 0;
        o.seenHash[0] = 1;
      },
    },
    "the driver was told RSS hash 0x00000001 of packet 0, expected 0: it is not IPv4",
    [0],
  );
  assertNotJudged(NIC_7, { frames }, "no host driver took a packet");
});

Deno.test("NIC-8 counts again, and names the counter that is wrong", () => {
  const runt = frame().subarray(0, 40);
  const counted = (change: (o: Observation) => void = () => {}): RunFields => ({
    frames: [frame(), runt, frame(), frame()],
    fates: { 2: { reason: "rx-missed", place: INGRESS, occupancy: 8 }, 3: "waits" },
    change: (o) => {
      o.carrier[0] = 7;
      const rx = { rxFrames: 1, rxBytes: 60, rxMissed: 1, rxErrors: 1, rxUndersize: 1 };
      o.ports = [
        { ...emptyCounters(0), ...rx },
        { ...emptyCounters(1), txFrames: 1, txBytes: 60 },
      ];
      change(o);
    },
  });
  assertKept(NIC_8, counted());
  const wrong: [(o: Observation) => void, string][] = [
    [(o) => o.ports[0]!.rxFrames++, "port 0 counted rxFrames 2, expected 1"],
    [(o) => o.ports[0]!.rxBytes--, "port 0 counted rxBytes 59, expected 60"],
    [(o) => o.ports[0]!.rxMissed--, "port 0 counted rxMissed 0, expected 1"],
    [(o) => o.ports[0]!.rxCrcErrors++, "port 0 counted rxCrcErrors 1, expected 0"],
    [(o) => o.ports[0]!.rxUndersize--, "port 0 counted rxUndersize 0, expected 1"],
    [(o) => o.ports[0]!.rxErrors++, "port 0 counted rxErrors 2, expected 1"],
    [(o) => o.ports[1]!.txFrames++, "port 1 counted txFrames 2, expected 1"],
    [(o) => void (o.ports[1]!.txBytes = 0), "port 1 counted txBytes 0, expected 60"],
    // what arrived and waits is counted too
    [(o) => void (o.carrier[3] = 9), "port 0 counted rxFrames 1, expected 2"],
  ];
  for (const [change, sentence] of wrong) assertBroken(NIC_8, counted(change), sentence, []);
  const nothing = (o: Observation) => void (o.ports = [emptyCounters(2)]);
  assertNotJudged(NIC_8, counted(nothing), "no port had anything to count");
});
