/** What the model says to each claim: the row's number, computed or measured on the model. */
import {
  bgpLikeTable,
  type Claim,
  flatten,
  type HostProfile,
  type PatternName,
  PATTERNS,
} from "../../fixtures/mod.ts";
import type { TableRecord } from "../routes/types.ts";
import { measureTables } from "../routes/measure.ts";
import { family4 } from "../routes/tables.ts";
import { figureOf } from "./host.ts";
import { Bench, type Lab, saturated } from "./lab.ts";
import { NETMAP_ANSWERS } from "./netmap_answers.ts";
import { SYSTEM_ANSWERS } from "./system_answers.ts";
import { VPP_ANSWERS } from "./vpp_answers.ts";
import { XDP_ANSWERS } from "./xdp_answers.ts";
import { COMPARED, type SystemName, systemOf } from "./systems.ts";
import { LINK_GBPS, SIZES, wireMpps } from "./traffic.ts";

/** The model's number, or why it has none; `detail` says more in a few words. */
export interface Answer {
  readonly value: number | null;
  readonly detail: string;
}

/** Answers of one lab. */
type Ask = (lab: Lab) => Answer;

const found = (value: number, detail = ""): Answer => ({ value, detail });
const yes = (is: boolean, detail: string): Answer => found(is ? 1 : 0, detail);
const notYet = (what: string): Answer => ({ value: null, detail: `not modelled yet: ${what}` });

/** The answer, unless a system is missing. */
function needing(names: readonly SystemName[], ask: Ask): Ask {
  return (lab) => {
    const missing = names.filter((name) => !lab.has(name));
    return missing.length > 0 ? notYet(missing.join(", ")) : ask(lab);
  };
}

const f2 = (n: number) => n.toFixed(2);

/** Throughput of Wr over that of L3FWD. */
function overL3fwd(pattern: PatternName, size: number): Ask {
  return (lab) => {
    const wr = lab.throughput("Wr", pattern, size).mpps;
    const l3fwd = lab.throughput("L3FWD", pattern, size).mpps;
    return found(wr / l3fwd, `${f2(wr)} / ${f2(l3fwd)} Mpps`);
  };
}

type Point = readonly [name: SystemName, size: number, gbps: number];

/** One 90th percentile over another. */
function p90Over(above: Point, below: Point): Ask {
  return needing([above[0], below[0]], (lab) => {
    const [a, b] = [lab.p90(...above), lab.p90(...below)];
    return found(a / b, `${f2(a / 1000)} / ${f2(b / 1000)} us`);
  });
}

function rate(name: SystemName, size: number): Ask {
  return (lab) => found(lab.throughput(name, "1in-1out", size).mpps);
}

/** A number that the profile holds. */
function given(figure: string): Ask {
  return ({ host }) => found(figureOf(host, figure).value, figure);
}

/** Mixed patterns and what they are beside. */
const MIXED = [["2in-2out", "2in-2out-mix"], ["4in-4out", "4in-4out-mix"]] as const;

/** How much of its unmixed throughput a system keeps, by size. */
function kept(lab: Lab, name: SystemName, [plain, mixed]: typeof MIXED[number]): number[] {
  return SIZES.map((size) =>
    lab.throughput(name, mixed, size).mpps / lab.throughput(name, plain, size).mpps
  );
}

function unchangedWhenMixed(lab: Lab): Answer {
  let worst = 1, where = "";
  for (const name of ["Wr", "Bn", "L3FWD"] as const) {
    for (const pair of MIXED) {
      kept(lab, name, pair).forEach((share, i) => {
        if (Math.abs(share - 1) <= Math.abs(worst - 1)) return;
        worst = share;
        where = `${name}, ${pair[1]}, ${SIZES[i]} B`;
      });
    }
  }
  return yes(Math.abs(worst - 1) <= 0.03, `most: ${((worst - 1) * 100).toFixed(1)} % (${where})`);
}

function lessWhenMixed(lab: Lab): Answer {
  const shares = kept(lab, "Rd", MIXED[1]);
  const [first, last] = [shares[0]!, shares.at(-1)!];
  return yes(last < 0.97 && last < first, `keeps ${f2(first)} at 64 B, ${f2(last)} at 1518 B`);
}

function lowestShareOfWire(lab: Lab): Answer {
  let lowest = Infinity, where = "";
  for (const [pattern, { inputs }] of Object.entries(PATTERNS)) {
    for (const size of SIZES.slice(1)) {
      const mpps = lab.throughput("Wr", pattern as PatternName, size).mpps;
      const share = mpps / (inputs.length * wireMpps(size));
      if (share >= lowest) continue;
      lowest = share;
      where = `${pattern}, ${size} B`;
    }
  }
  return found(lowest, where);
}

function aboveL3fwd(lab: Lab): Answer {
  for (const size of SIZES.filter((size) => size <= 1024)) {
    const l3fwd = lab.throughput("L3FWD", "1in-1out", size).mpps;
    for (const name of ["Wr", "Rd", "Bn"] as const) {
      const { mpps } = lab.throughput(name, "1in-1out", size);
      if (mpps <= l3fwd) return yes(false, `${name} ${f2(mpps)}, L3FWD ${f2(l3fwd)} at ${size} B`);
    }
  }
  return yes(true, "");
}

function smallFrameOrder(lab: Lab): Answer {
  const rates = COMPARED.map((name) => lab.throughput(name, "1in-1out", 64).mpps);
  const falls = rates.every((mpps, i) => i === 0 || mpps < rates[i - 1]!);
  return yes(falls, COMPARED.map((name, i) => `${name} ${f2(rates[i]!)}`).join(", "));
}

/** Busy share that table 1 of the paper prints for each core, by system. */
export const TABLE_1: Readonly<Partial<Record<SystemName, number>>> = {
  Wr: 0,
  Rd: 0,
  Bn: 1,
  L3FWD: 1,
};

function cpuUse(lab: Lab): Answer {
  const shown = COMPARED.map((name) => {
    const { cpu } = lab.throughput(name, "1in-1out", 1518);
    return { name, low: Math.min(...cpu), high: Math.max(...cpu) };
  });
  const right = shown.filter(({ name, low, high }) => {
    const printed = TABLE_1[name]!;
    return Math.abs(low - printed) < 0.005 && Math.abs(high - printed) < 0.005;
  });
  const text = shown.map(({ name, low }) => `${name} ${(100 * low).toFixed(0)} %`).join(", ");
  return found(right.length, text);
}

/** Ports of 40 Gb/s that one NIC serves: one, unless a port of twice the rate loses nothing. */
function portsPerNic({ host }: Lab): Answer {
  const wr = systemOf("Wr", host);
  const twice = { ...wr, machine: { ...wr.machine, linkGbps: 2 * LINK_GBPS } };
  const { mpps } = saturated(new Bench(twice), PATTERNS["4in-4out"], 1518, 2 * LINK_GBPS);
  const share = mpps / (4 * wireMpps(1518, 2 * LINK_GBPS));
  return found(share > 0.99 ? 2 : 1, `${f2(share)} of 80 Gb/s a NIC at 1518 B`);
}

/** Routes of the paper's full table (6.1). */
const FULL_TABLE = 841_941;

/** Figure 14 of the model: bytes that librte_lpm occupies as routes of a random sample are added. */
export function figure14(lab: Lab): TableRecord {
  return lab.once("figure 14: a full table into DIR-24-8", () => tableCurve(lab.host));
}

function tableCurve(host: HostProfile): TableRecord {
  const routes = bgpLikeTable({ routes: FULL_TABLE, seed: 1 });
  const { imemBytes, ememCacheBytes } = flatten(host).nic;
  return measureTables({
    family: family4(routes),
    count: FULL_TABLE,
    seed: 1,
    memory: null,
    nicBytes: [imemBytes, ememCacheBytes],
    updates: null,
    kinds: ["dir24-8"],
  })[0]!;
}

function outgrows(memory: 0 | 1): Ask {
  return (lab) => found(figure14(lab).beyondAt[memory] ?? Infinity);
}

/** Share of the old kernel's receive cycles. */
function ofReceive(...parts: ("skbAlloc" | "skbFree" | "cacheMisses")[]): Ask {
  return ({ host }) => {
    const { driverRx, skbAlloc, skbFree, receive, ipRcv, cacheMisses } = flatten(host).linuxLegacy;
    const costs = { driverRx, skbAlloc, skbFree, receive, ipRcv, cacheMisses };
    const sum = Object.values(costs).reduce((a, b) => a + b);
    return found(parts.reduce((a, part) => a + costs[part], 0) / sum);
  };
}

/** Bandwidth of a switch in Tb/s: lanes at GT/s, both directions. */
const SWITCH_TBPS = (98 * 16 * (128 / 130) * 2) / 1000;
const DDR5_GBPS = (6400 * 8) / 1000;

const L3_64: Point = ["L3FWD", 64, 1];
const WR_64: Point = ["Wr", 64, 1];

/** How each row is answered; rows that are not here are of systems that the project does not have. */
export const ANSWERS: Readonly<Record<string, Ask>> = {
  A01: overL3fwd("4in-4out", 64),
  A02: (lab) => {
    const [wr, l3fwd] = [lab.p90("Wr", 1518, 40), lab.p90("L3FWD", 1518, 40)];
    return found(1 - wr / l3fwd, `${f2(wr / 1000)} and ${f2(l3fwd / 1000)} us`);
  },
  B01: () => found(DDR5_GBPS),
  B02: () => found(Math.floor((4 * DDR5_GBPS * 8) / 2 / 100)),
  B03: () => found(SWITCH_TBPS),
  B04: () => found(Math.floor((SWITCH_TBPS * 1000) / 100)),
  B06: () => found(24 / 2),
  C01: given("nic.descriptorBatch"),
  C02: given("cpu.lcores"),
  C03: portsPerNic,
  C04: given("memory.bandwidthGBps"),
  D01: () => found(wireMpps(64)),
  D02: rate("Wr", 64),
  D03: (lab) => found(lab.throughput("Wr", "1in-1out", 64).mpps / wireMpps(64)),
  D04: rate("Wr", 128),
  D05: overL3fwd("1in-1out", 64),
  D06: overL3fwd("1in-1out", 128),
  D07: needing(["Rd", "Bn"], aboveL3fwd),
  D08: needing(["Rd", "Bn"], smallFrameOrder),
  E01: p90Over(WR_64, L3_64),
  E02: p90Over(WR_64, ["Wr-fixed", 64, 1]),
  E03: p90Over(["Wr", 64, 10], WR_64),
  E04: p90Over(["Wr", 1518, 1], WR_64),
  E05: () => found(wireMpps(1518, 1) / wireMpps(64, 1)),
  E06: p90Over(["Wr", 1518, 40], ["Wr", 1518, 1]),
  E07: p90Over(["Bn", 1518, 40], ["Bn", 1518, 1]),
  E08: p90Over(["L3FWD", 1518, 40], ["L3FWD", 1518, 1]),
  E09: p90Over(L3_64, ["L3FWD", 1518, 1]),
  F01: overL3fwd("2in-2out", 64),
  F02: overL3fwd("2in-2out", 128),
  F03: overL3fwd("2in-2out", 1518),
  F04: overL3fwd("4in-4out", 128),
  F05: overL3fwd("4in-4out", 1518),
  F06: lowestShareOfWire,
  F07: needing(["Bn"], unchangedWhenMixed),
  F08: needing(["Rd"], lessWhenMixed),
  F09: () => found(4 * LINK_GBPS),
  G01: needing(["Rd", "Bn"], cpuUse),
  H01: outgrows(0),
  H02: outgrows(1),
  H03: (lab) => found(figure14(lab).filled?.routes ?? 0, "routes of the generated table"),
  W01: rate("Wr-fixed", 64),
  S01: given("linuxLegacy.skbAlloc"),
  S02: given("linuxLegacy.skbFree"),
  S03: ofReceive("skbAlloc", "skbFree"),
  S04: given("linuxLegacy.copy"),
  S05: given("linuxLegacy.contextSwitch"),
  S06: ofReceive("cacheMisses"),
  ...SYSTEM_ANSWERS,
  ...NETMAP_ANSWERS,
  ...VPP_ANSWERS,
  ...XDP_ANSWERS,
};

/** The systems that rows without an answer are about. */
const ABSENT: Readonly<Record<string, string>> = {
  S07: "netmap",
  S12: "Sophos fast path",
};

/** The model's answer to a claim; null for rows that are not for the model. */
export function answerTo(claim: Claim, lab: Lab): Answer | null {
  const ask = ANSWERS[claim.id];
  if (ask !== undefined) return ask(lab);
  const absent = ABSENT[claim.id];
  return absent === undefined ? null : notYet(absent);
}
