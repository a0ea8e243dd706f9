/**
 * A counterexample as text: one screen that says which law, what happened, to which packets, and
 * where.
 */
import type { Scenario } from "../../core/machine/device.ts";
import type { Neighbours } from "../../core/machine/scenario.ts";
import { describeFault } from "../arbitraries/faults.ts";
import { ipv4ToString } from "../../core/packet/ipv4_text.ts";
import { type Counterexample, microseconds } from "./counterexample.ts";
import { describeFrame } from "./flow.ts";
import { tokenOf } from "./json.ts";
import { policyLines } from "./policy_lines.ts";

/** Rows of packets and of routes: what a screen of forty lines leaves room for. */
const ROWS_MAX = 20;
const ROUTES_MAX = 6;
const FAULTS_MAX = 8;
/** What is to be said of laws that look at another run than the one in the table. */
const RERUN_NOTE =
  "  fates as in the plain run; the law broke when it was run again as the sentence says";
/** Columns of running text. */
const LINE = 100;

/** How a counterexample is run again: the command line for a token, or for a file where it is too large for one. */
export type ReplayCommand = (tokenOrFile: string) => string;

/**
 * The report of a counterexample; `files` are named at its end, and how to run it again: under `deno test`, unless
 * `again` says otherwise. The same counterexample gives the same text.
 */
export function reportCounterexample(
  counterexample: Counterexample,
  files: readonly string[] = [],
  again?: ReplayCommand,
): string {
  const { law, device, sentence, scenario } = counterexample;
  const lines = [
    ...wrap(`${law.id} broken by ${device}: ${sentence}`, LINE),
    "",
    ...field("law", wrap(law.statement, LINE - 12)),
    ...field("clause", wrap(law.clause, LINE - 12)),
    "",
    ...packetTable(counterexample),
    "",
    `  ${sizeLine(counterexample)}`,
    ...(law.reruns === true ? [RERUN_NOTE] : []),
    ...field("routes", routeLines(scenario, counterexample.packets)),
    ...field("geometry", geometryLines(scenario)),
    ...field("faults", faultLines(scenario)),
    ...field("schedule", scheduleLines(scenario)),
    ...field("policy", policyLines(counterexample.policy).flatMap((one) => wrap(one, LINE))),
    ...field("files", files),
    ...field("replay", [replayLine(counterexample, files, again)]),
  ];
  return lines.join("\n");
}

/** The token on one line however long it is: broken lines could not be pasted. */
function replayLine(
  counterexample: Counterexample,
  [file]: readonly string[],
  again: ReplayCommand | undefined,
): string {
  const token = tokenOf(counterexample);
  const what = token ?? (again === undefined ? undefined : file);
  if (what === undefined) return "too large for a token: replay the file";
  return again?.(what) ?? `PLANECHECK_REPLAY=${what} deno test -A`;
}

function field(name: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `  ${(i === 0 ? name : "").padEnd(10)}${line}`);
}

/** Breaks a text between words into lines of at most `columns`, as far as its words allow. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function sizeLine({ scenario, minimal }: Counterexample): string {
  const { count } = scenario.traffic;
  const packets = count === 1 ? "1 packet" : `${count} packets`;
  if (!minimal) return packets;
  return count === 1
    ? `${packets}, and nothing simpler fails`
    : `${packets}; removing any one makes it pass`;
}

/** The rows to show: all, or the concerned packets and those just before them. */
function shownRows(counterexample: Counterexample): number[] {
  const { count } = counterexample.scenario.traffic;
  const all = Array.from({ length: count }, (_, i) => i);
  if (count <= ROWS_MAX) return all;
  const shown = new Set(counterexample.packets.slice(0, ROWS_MAX));
  for (const packet of counterexample.packets) {
    for (let i = packet - 1; i >= packet - 3 && i >= 0 && shown.size < ROWS_MAX; i--) shown.add(i);
  }
  for (let i = 0; shown.size < ROWS_MAX; i++) shown.add(i);
  return all.filter((i) => shown.has(i));
}

function packetTable(counterexample: Counterexample): string[] {
  const { scenario, fates, packets } = counterexample;
  const { traffic } = scenario;
  const concerned = new Set(packets);
  const shown = shownRows(counterexample);
  const rows = shown.map((i) => [
    concerned.has(i) ? "*" : " ",
    microseconds(traffic.at[i]!),
    `${traffic.port[i]}`,
    `${i}`,
    describeFrame(traffic.bytes, traffic.offset[i]!, traffic.length[i]!) +
    (traffic.badFcs?.[i] === 1 ? ", wrong FCS" : ""),
    fates[i]!,
  ]);
  const table = [["", "time us", "port", "packet", "frame", "fate"], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row.map((cell, column) =>
      column >= 1 && column <= 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
  const left = traffic.count - shown.length;
  return left === 0
    ? lines
    : [...lines, `   ... and ${left} more ${left === 1 ? "packet" : "packets"}`];
}

/**
 * The routes: those that cover a destination of a concerned packet, then those that cover one of another packet, then
 * the rest, since a wrong answer may come from any of them.
 */
function routeLines(
  { routes, neighbours, traffic }: Scenario,
  packets: readonly number[],
): string[] {
  const addresses = (of: readonly number[]) =>
    of.filter((i) => i >= 0 && i < traffic.count && traffic.length[i]! >= 34)
      .map((i) => addressAt(traffic.bytes, traffic.offset[i]! + 30));
  const concerned = addresses(packets);
  const all = addresses(Array.from({ length: traffic.count }, (_, i) => i));
  const covers = (i: number, of: readonly number[]) => {
    const depth = routes.depth[i]!;
    const mask = depth === 0 ? 0 : (0xffffffff << (32 - depth)) >>> 0;
    return of.some((address) => ((address & mask) >>> 0) === routes.prefix[i]);
  };
  const rank = Array.from(
    { length: routes.count },
    (_, i) => covers(i, concerned) ? 0 : covers(i, all) ? 1 : 2,
  );
  const shown = [...rank.keys()].sort((i, j) => rank[i]! - rank[j]! || i - j).slice(0, ROUTES_MAX);
  const lines = shown.map((i) => {
    const hop = routes.nextHop[i]!;
    return `${ipv4ToString(routes.prefix[i]!)}/${routes.depth[i]} to next hop ${hop} ` +
      `(${hopText(neighbours, hop)})` +
      (rank[i] === 2 ? ", which covers none of these" : "");
  });
  const left = routes.count - shown.length;
  return left > 0 ? [...lines, `and ${left} more`] : lines;
}

function hopText(neighbours: Neighbours, hop: number): string {
  const special = neighbours.special?.get(hop);
  if (special === undefined) {
    return `port ${neighbours.port[hop]}, ${macText(neighbours.mac, hop * 6)}`;
  }
  if (typeof special === "string") return special;
  return special.map((one) => `${one}: ${hopText(neighbours, one)}`).join(" or ");
}

function addressAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

function macText(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0"))
    .join(":");
}

function geometryLines({ geometry: g }: Scenario): string[] {
  const credits = g.fidelity !== "coarse"
    ? `${g.fidelity}, ${g.headerCredits} header and ${g.dataCredits} data credits, mps ${g.mps}`
    : "coarse fabric";
  return [
    `${g.ports} ports, ${g.lcores} ${g.lcores === 1 ? "lcore" : "lcores"}, rings ${g.rxRing} rx ` +
    `${g.txRing} tx, ingress ${g.ingress}, spare buffers ${g.spareBuffers}, pool cache ` +
    `${g.poolCache}, peer slots ${g.peerSlots}`,
    credits,
  ];
}

function faultLines({ deviations }: Scenario): string[] {
  const faults = deviations.map(describeFault).filter((fault) => fault !== null);
  const shown = faults.slice(0, FAULTS_MAX);
  if (faults.length > FAULTS_MAX) shown.push(`and ${faults.length - FAULTS_MAX} more`);
  return shown;
}

function scheduleLines(scenario: Scenario): string[] {
  const deviations = scenario.deviations.filter((deviation) => describeFault(deviation) === null);
  if (deviations.length === 0) return [];
  const shown = deviations.slice(0, ROUTES_MAX)
    .map(({ site, occurrence, value }) => `${site} ${occurrence} takes ${value}`);
  if (deviations.length > ROUTES_MAX) shown.push(`and ${deviations.length - ROUTES_MAX} more`);
  return wrap(shown.join(", "), LINE - 12);
}
