// Aim: the laws of the link-level PCIe model hold on drawn scenarios of all topologies, with faults, choices and
// removals, and each of them can fail. Method: a property with floors on what was drawn; then for each law one run,
// kept, whose ledger or rules are spoiled in one place, and what the law says of it.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type {
  PcieBuffers,
  PcieMutant,
  PcieNode,
  PcieOptions,
} from "../../core/pcie/link/options.ts";
import { ENDPOINT_BUFFERS, pcieStar } from "../../core/pcie/link/options.ts";
import type { PcieEvent, PcieLedger, PcieTlp } from "../../core/pcie/link/trace.ts";
import type { Deviation } from "../../core/time/choices.ts";
import { arbitraryPcieScenario, pcieDirections } from "./arbitrary.ts";
import { pcieLadder, pcieLadderSvg } from "./ladder.ts";
import type { PcieRun } from "./law.ts";
import { judgePcie, PCIE_LAWS } from "./laws.ts";
import { type PcieOperation, type PcieScenario, runPcie, runPcieOn } from "./scenario.ts";

function complaints(run: PcieRun): string[] {
  return judgePcie(run).flatMap(({ law, verdict }) =>
    verdict.kind === "broken" ? [`${law.id}: ${verdict.sentence}`] : []
  );
}

Deno.test("PCIE laws hold on drawn scenarios, and each is judged often enough", () => {
  const judged = new Map<string, number>();
  const seen = { replay: 0, lost: 0, down: 0, refuse: 0, pool: 0, runs: 0 };
  fc.assert(
    fc.property(arbitraryPcieScenario(), (scenario) => {
      const run = runPcie(scenario);
      seen.runs++;
      const { events } = run.ledger;
      if (events.some(({ text }) => text.startsWith("replay"))) seen.replay++;
      if (events.some(({ text }) => text.endsWith("lost"))) seen.lost++;
      for (const kind of ["down", "refuse", "pool"] as const) {
        if (events.some((event) => event.kind === kind)) seen[kind]++;
      }
      for (const { law, verdict } of judgePcie(run)) {
        const text = verdict.kind === "broken"
          ? `${law.id}: ${verdict.sentence}\n${pcieLadder(run.ledger, { tlps: verdict.tlps })}`
          : "";
        assertEquals(text, "");
        if (verdict.kind === "kept") judged.set(law.id, (judged.get(law.id) ?? 0) + 1);
      }
    }),
    { numRuns: 200 },
  );
  for (const { id } of PCIE_LAWS) assert(judged.get(id)! >= 4, `${id}: ${judged.get(id)} runs`);
  for (const [what, n] of Object.entries(seen)) assert(n >= 4, `${what}: ${n} runs`);
});

Deno.test("A PCIe model that has run something before is equal to a new one", () => {
  let cut = 0;
  const parts = fc.tuple(
    arbitraryPcieScenario(),
    fc.nat(1e6),
    fc.nat(1e6),
    fc.integer({ min: 1, max: 3000 }),
  );
  fc.assert(
    fc.property(parts, ([scenario, from, to, events]) => {
      // the same in another order, without the end of its faults, and left in the middle
      const { operations, deviations = [] } = scenario;
      const before = {
        ...scenario,
        operations: operations.map((_, i) => operations[(i + from) % operations.length]!),
        deviations: deviations.slice(to % (deviations.length + 1)),
        events,
      };
      if (!runPcie(before).ledger.atRest) cut++;
      assertEquals(runPcieOn([before], scenario).ledger, runPcie(scenario).ledger);
    }),
    { numRuns: 200 },
  );
  assert(cut >= 10, `left in the middle ${cut} times`);
});

/** An occurrence of each of these faults. */
function lost(sites: readonly string[], occurrences: readonly number[]): Deviation[] {
  return sites.flatMap((site) =>
    occurrences.map((occurrence) => ({ site, occurrence, value: 1 as const }))
  );
}

Deno.test("PCIE laws are kept by a link that has nothing to carry and is not up when the run is over", () => {
  const below = (kind: PcieNode["kind"], parent: number): PcieNode => {
    return { kind, parent, link: LINK, buffers: ENDPOINT_BUFFERS };
  };
  const nodes = [
    ...[below("root", -1), below("switch", 0), below("endpoint", 1)],
    ...[below("switch", 0), below("endpoint", 3)],
  ];
  const run = runPcie({
    options: { nodes },
    operations: [{ kind: "write", src: 2, dst: 0, offset: 0, bytes: 64 }],
    // the first of each InitFC1, both ways; they are sent again after 34 us
    deviations: lost(["dllp error host>switch1", "dllp error switch1>host"], [0, 1, 2]),
  });
  const { events, atRest, directions } = run.ledger;
  const up = events.filter(({ kind }) => kind === "up").map((e) => directions[e.direction]!.name);
  assertEquals([atRest, up.includes("host>switch0"), up.includes("host>switch1")], [
    ...[true, true, false],
  ]);
  assertEquals(complaints(run), []);
});

Deno.test("PCIE laws do not call a TLP lost that a replay timer is to send and nobody waits for", () => {
  // the completion and its replay, which a Nak asked for, are corrupted; a second Nak is not sent, and the reader goes
  const run = runPcie({
    options: { replayTlps: 1, replayPs: 9_000_000, updateFcPs: 100_000 },
    operations: [{ kind: "read", src: 2, dst: 0, offset: 0, bytes: 64 }],
    deviations: lost(["tlp error host>switch"], [0, 1]),
    remove: { node: 2, at: 1_000_000 },
  });
  assertEquals(complaints(run), []);
  const { atRest, outstanding, events, directions } = run.ledger;
  const sent = events.filter(({ kind, direction }) =>
    kind === "send" && directions[direction]!.name === "host>switch"
  ).map(({ text }) => text);
  assertEquals([atRest, outstanding, sent], [false, 0, [" corrupted", "replay corrupted"]]);
});

Deno.test("pcieDirections names the directions as the model does", () => {
  for (const { options } of fc.sample(arbitraryPcieScenario(), { numRuns: 20, seed: 7 })) {
    const { directions } = runPcie({ options, operations: [] }).ledger;
    assertEquals(directions.slice(2).map(({ name }) => name), pcieDirections(options.nodes!));
  }
});

const OPERATIONS: readonly PcieOperation[] = [
  { kind: "write", src: 2, dst: 3, offset: 0, bytes: 600 },
  { kind: "write", src: 2, dst: 3, offset: 0, bytes: 16 },
  { kind: "read", src: 2, dst: 3, offset: 0, bytes: 600 },
  { kind: "write", src: 3, dst: 2, offset: 0, bytes: 600 },
  { kind: "read", src: 3, dst: 0, offset: 32, bytes: 300 },
];
const HEALTHY: PcieScenario = { options: { mps: 128, mrrs: 256 }, operations: OPERATIONS };

type Spoil = (event: PcieEvent, i: number, all: readonly PcieEvent[]) => PcieEvent | null;

/** A run with some events changed, or taken out; the tlps too. */
function spoiled(
  scenario: PcieScenario,
  spoil: Spoil,
  change: (tlp: PcieTlp) => PcieTlp = (tlp) => tlp,
): PcieRun {
  const run = runPcie(scenario);
  assertEquals(complaints(run), []);
  const events = run.ledger.events
    .map(spoil)
    .filter((event): event is PcieEvent => event !== null)
    .sort((a, b) => a.at - b.at);
  const tlps = new Map([...run.ledger.tlps].map(([id, tlp]) => [id, change(tlp)]));
  return { ...run, ledger: { ...run.ledger, events, tlps } as PcieLedger };
}

/** The first event that a test holds for is changed so. */
function first(
  holds: (e: PcieEvent) => boolean,
  change: (e: PcieEvent) => PcieEvent | null,
): Spoil {
  let done = false;
  return (event) => {
    if (done || !holds(event)) return event;
    done = true;
    return change(event);
  };
}

const LINK = { generation: 3, lanes: 8, propagationPs: 1000 } as const;
const FEW: PcieBuffers = [[2, 16], [2, 2], [2, 16]];
const POOLED: PcieScenario = {
  ...HEALTHY,
  options: {
    mps: 128,
    pool: { headers: 8, data: 64, threshold: [2, 16] },
    nodes: pcieStar(2).map((node) => ({ ...node, buffers: FEW })),
  },
};
/** Two devices that write to the host over a link as wide as each of theirs. */
const MERGING: PcieScenario = {
  options: { nodes: pcieStar(2, LINK, LINK) },
  operations: [0, 0, 1, 1, 2, 2].map((n, i): PcieOperation => {
    return { kind: "write", src: 2 + i % 2, dst: 0, offset: n * 4096, bytes: 256 };
  }),
};

/** One TLP on each link. */
const ONE: PcieScenario = { ...HEALTHY, operations: [OPERATIONS[1]!] };

/** A run judged as if other options had been set. */
function withOptions(change: Partial<PcieOptions>): PcieRun {
  const run = runPcie(HEALTHY);
  return { ...run, ledger: { ...run.ledger, options: { ...run.ledger.options, ...change } } };
}

const isSend = (e: PcieEvent) => e.kind === "send";
const kept: Spoil = (e) => e;
/** All of direction 7 waits from the start, and a request is sent first. */
const requestFirst: Spoil = (e) =>
  e.direction !== 7
    ? e
    : e.kind === "queue"
    ? { ...e, at: 0 }
    : isSend(e) && e.cls === 1
    ? { ...e, at: 1 }
    : e;
/** One TLP of the second port is sent after two of the first. */
const outOfTurn: Spoil = (e, _, all) => {
  const sends = all.filter((one) => isSend(one) && one.direction === 2);
  const i = sends.indexOf(e);
  return i < 0 ? e : { ...sends[[0, 1, 2, 4, 3, 5][i]!]!, at: e.at, until: e.until };
};
const noInit: Spoil = (e) =>
  e.kind === "hear" && e.direction === 5 && e.cls === 1 && e.text !== "UpdateFC" ? null : e;
const infinite: Spoil = (e) =>
  e.kind === "hear" && e.cls === 0 && e.text !== "UpdateFC" ? { ...e, headers: 0 } : e;

/** Law, what it says, and a run that breaks it. */
const CASES: [string, string, () => PcieRun][] = [
  ["PCIE-3", "before the posted TLP", () => spoiled(HEALTHY, requestFirst)],
  [
    "PCIE-4",
    "takes tag 0, which request",
    () => spoiled(HEALTHY, kept, (tlp) => tlp.cls === 0 ? tlp : { ...tlp, tag: 0 }),
  ],
  [
    "PCIE-5",
    "across a boundary of 4 KiB",
    () =>
      spoiled(
        HEALTHY,
        kept,
        (tlp) => tlp.cls === 0 ? { ...tlp, address: tlp.address + 4090 } : tlp,
      ),
  ],
  [
    "PCIE-5",
    "up to a multiple of",
    () => spoiled(HEALTHY, kept, (tlp) => tlp.cls === 2 ? { ...tlp, bytes: tlp.bytes - 4 } : tlp),
  ],
  ["PCIE-6", "1 operations have not ended", () => {
    const run = spoiled(HEALTHY, first((e) => e.kind === "done", () => null));
    return { ...run, ledger: { ...run.ledger, outstanding: 1 } };
  }],
  [
    "PCIE-6",
    'ended with "dropped" at',
    () => spoiled(HEALTHY, first((e) => e.kind === "done", (e) => ({ ...e, text: "dropped" }))),
  ],
  [
    "PCIE-7",
    "expected a completion or a time-out",
    () => spoiled(HEALTHY, first((e) => e.kind === "data", () => null)),
  ],
  [
    "PCIE-8",
    "brings consumed to",
    () => spoiled(HEALTHY, first(isSend, (e) => ({ ...e, headers: 65 }))),
  ],
  [
    "PCIE-8",
    "brings received to",
    () => spoiled(HEALTHY, first((e) => e.kind === "accept", (e) => ({ ...e, data: 513 }))),
  ],
  [
    "PCIE-8",
    "brings consumed to 65, expected at most the 64",
    () => spoiled(ONE, first(isSend, (e) => ({ ...e, headers: 65 }))),
  ],
  [
    "PCIE-9",
    "expected the 64 advertised and",
    () => spoiled(HEALTHY, first((e) => e.kind === "free", (e) => ({ ...e, headers: 0 }))),
  ],
  [
    "PCIE-9",
    "at rest: the sender has",
    () => spoiled(HEALTHY, (e) => e.kind === "hear" && e.text === "UpdateFC" ? null : e),
  ],
  [
    "PCIE-9",
    "not before its last symbol",
    () =>
      spoiled(HEALTHY, (e) => e.kind === "free" && e.direction === 4 ? { ...e, at: e.at - 1 } : e),
  ],
  ["PCIE-10", "before flow control is initialised", () => spoiled(HEALTHY, noInit)],
  ["PCIE-10", "were declared infinite", () => spoiled(HEALTHY, infinite)],
  [
    "PCIE-11",
    "expected 1 and",
    () => spoiled(HEALTHY, first(isSend, (e) => ({ ...e, data: e.data - 1 }))),
  ],
  [
    "PCIE-12",
    "lost, repeated or overtaken",
    () => spoiled(HEALTHY, first((e) => e.kind === "accept", () => null)),
  ],
  [
    "PCIE-12",
    "expected 600",
    () => spoiled(HEALTHY, first((e) => e.kind === "land", () => null)),
  ],
  [
    "PCIE-13",
    "of the later operation",
    () => spoiled(HEALTHY, (e) => e.kind === "land" && e.tlp === 5 ? { ...e, at: 1e9 } : e),
  ],
  [
    "PCIE-14",
    "while the posted TLP",
    () => spoiled(HEALTHY, (e) => e.kind === "land" ? { ...e, at: 1e9 } : e),
  ],
  [
    "PCIE-15",
    "expected at once",
    () =>
      spoiled(HEALTHY, (e) => e.kind === "free" && e.direction === 7 ? { ...e, at: e.at + 1 } : e),
  ],
  [
    "PCIE-16",
    "expected 0..8",
    () => spoiled(POOLED, first((e) => e.kind === "pool", (e) => ({ ...e, headers: -1 }))),
  ],
  [
    "PCIE-16",
    "at rest, expected",
    () => spoiled(POOLED, (e) => e.kind === "pool" ? { ...e, data: Math.max(0, e.data - 1) } : e),
  ],
  [
    "PCIE-17",
    "is idle after",
    () => spoiled(HEALTHY, first((e) => e.kind === "queue", (e) => ({ ...e, at: e.at - 1000 }))),
  ],
  ["PCIE-18", "serves one port twice", () => spoiled(MERGING, outOfTurn)],
  [
    "PCIE-19",
    "before what it sends ends",
    () => spoiled(HEALTHY, first(isSend, (e) => ({ ...e, until: e.until + 1e6 }))),
  ],
  [
    "PCIE-19",
    "in 10 ps, expected",
    () => spoiled(HEALTHY, first(isSend, (e) => ({ ...e, until: e.at + 10 }))),
  ],
  ["PCIE-19", "leaves on switch>nic1 at", () => {
    const run = runPcie(HEALTHY);
    const options = { ...run.ledger.options, switchPs: 150_001 };
    return { ...run, ledger: { ...run.ledger, options } };
  }],
  ["PCIE-21", "requests at", () => withOptions({ reads: 0 })],
  ["PCIE-21", "that it has room for", () => withOptions({ completionBufferBytes: 255 })],
  ["PCIE-20", "with twice the credits", () => {
    const run = runPcie({ ...HEALTHY, operations: [OPERATIONS[0]!] });
    return { ...run, again: () => ({ ...run, endPs: run.endPs + 1e9 }) };
  }],
];

for (const [id, expected, make] of CASES) {
  Deno.test(`${id} names what breaks it: ${expected}`, () => {
    const law = PCIE_LAWS.find((one) => one.id === id)!;
    const verdict = law.judge(make());
    const sentence = verdict.kind === "broken" ? verdict.sentence : verdict.kind;
    assert(sentence.includes(expected), sentence);
  });
}

Deno.test("Every PCIE law is among those that are shown to fail", () => {
  const shown = new Set(CASES.map(([id]) => id));
  assertEquals(PCIE_LAWS.map(({ id }) => id).filter((id) => !shown.has(id)), []);
});

const LINK_1: PcieBuffers = [[1, 8], [1, 1], [1, 8]];

/** Writes and reads of two devices to each other and to the host, over buffers of one TLP. */
function crossing(mutants: PcieMutant[]): PcieRun {
  const nodes = pcieStar(2, LINK, LINK).map((node) => ({ ...node, buffers: LINK_1 }));
  const operations = Array.from({ length: 80 }, (_, i): PcieOperation => {
    const src = 2 + i % 2;
    return {
      kind: i % 3 === 0 ? "write" : "read",
      src,
      dst: i % 5 === 0 ? 0 : 5 - src,
      offset: i * 4096,
      bytes: 128,
    };
  });
  return runPcie({ options: { nodes, mps: 128, mrrs: 128, reads: 1, mutants }, operations });
}

Deno.test("PCIE laws name a rule that was taken away", () => {
  assertEquals(complaints(crossing([])), []);
  const cases: [PcieMutant, string][] = [
    ["completion-waits-for-non-posted", "PCIE-6"],
    ["posted-waits-for-non-posted", "PCIE-6"],
    ["posted-accepted-only-when-one-can-be-sent", "PCIE-15"],
    ["one-buffer-for-all-classes", "PCIE-6"],
  ];
  for (const [mutant, id] of cases) {
    const said = complaints(crossing([mutant]));
    assert(said.some((sentence) => sentence.startsWith(`${id}:`)), `${mutant}: ${said}`);
  }
});

Deno.test("PCIE-13 would be broken by a relaxed descriptor: it overtakes a payload that lacks credits", () => {
  // one and a half payloads of data credits at the device: the descriptor fits beside the first payload
  const buffers: PcieBuffers = [[4, 24], [4, 4], [0, 0]];
  const slow = { generation: 1, lanes: 1, propagationPs: 1000 } as const;
  const nodes = pcieStar(2, LINK, LINK).map((node, i) =>
    i === 3 ? { ...node, link: slow, buffers } : node
  );
  const run = (relaxed: boolean) => {
    const run = runPcie({
      options: { nodes, mps: 256, updateFcPs: 1_000_000 },
      operations: [512, 16].map((bytes): PcieOperation => {
        return { kind: "write", src: 2, dst: 3, offset: 0, bytes, relaxed };
      }),
    });
    assertEquals(complaints(run), []);
    // the laws as if the attribute were not there
    const tlps = new Map([...run.ledger.tlps].map(([id, tlp]) => [id, { ...tlp, relaxed: false }]));
    return complaints({ ...run, ledger: { ...run.ledger, tlps } }).map((text) => text.slice(0, 7));
  };
  assertEquals(run(false), []);
  assertEquals(run(true), ["PCIE-3:", "PCIE-13"]);
});

Deno.test("pcieLadder draws an arrow for each TLP with the credits left, and marks what is lost", () => {
  const { ledger } = runPcie({
    options: { mps: 128 },
    operations: [{ kind: "write", src: 2, dst: 3, offset: 0, bytes: 256 }],
    deviations: [{ site: "tlp error nic0>switch", occurrence: 1, value: 1 }],
  });
  const lines = pcieLadder(ledger).split("\n").map((line) => line.replace(/ +/g, " ").trim());
  assertEquals(lines.slice(0, 4), [
    "ns nic0 switch nic1",
    "7.094 |-- MWr 128 B #1 s0 --------->| | P 63/504",
    "26.391 |-- MWr 128 B #2 s1 ---------x| | P 62/496 corrupted",
    "48.704 |-- replay MWr 128 B #2 s1 -->| | P 62/496",
  ]);
  const all = pcieLadder(ledger, { dllps: true, toPs: 1e6 });
  assert(all.includes("InitFC1-P 64/512") && all.includes("Nak s0"), all);
  const svg = pcieLadderSvg(ledger, { toPs: 1e6 });
  // a line for every node and every arrow: two TLPs over two links, and one sent again
  assertEquals(svg.split("<line").length - 1, 3 + 5);
  assert(svg.startsWith("<svg") && svg.trimEnd().endsWith("</svg>"));
  assertEquals(pcieLadder(ledger, { fromPs: 1e12 }), "nothing was sent\n");
});
