/**
 * Labels say what the drawn scenarios contained, and floors say how much of it a whole property run
 * must have contained: a generator that stopped drawing options would otherwise pass every law
 * about options. Floors are about a quarter of the share that was measured, so that short runs do
 * not miss them by chance.
 */
import type { Evidence, Geometry } from "../../core/machine/device.ts";
import { FATE } from "../../core/machine/observation.ts";
import { type Policy, REASON } from "../../core/policy.ts";
import type { PacketDraw, ScenarioDraw } from "../arbitraries/draw.ts";
import { FAULT_KINDS, isFault } from "../arbitraries/faults.ts";
import { hasLeastCredits } from "../arbitraries/geometry.ts";
import { maskOf } from "../arbitraries/routes.ts";
import type { Judged } from "./judge_scenario.ts";

/** How often a label was met, and how often it had to be. */
export interface LabelCount {
  /** Name of the label. */
  readonly label: string;
  /** Runs that had it. */
  readonly runs: number;
  /** Fewer runs than these fail the whole; 0 where no floor applies. */
  readonly floor: number;
}

/** For whom floors are computed. */
export interface FloorContext {
  readonly policy: Policy;
  readonly offers: ReadonlySet<Evidence>;
  /** What was not drawn. */
  readonly fixed: Partial<Geometry>;
  /** Most packets of a scenario, where that is not left to the drawing. */
  readonly packetsMax?: number | undefined;
  /** Whether routes and ports were drawn: what depends on them is not due otherwise. */
  readonly drawsRoutes: boolean;
}

/** Kinds that happen on the link-level fabric alone, which is not drawn. */
const LINK_FAULTS = ["split completion", "corrupted TLP", "lost DLLP"];

interface Label {
  readonly label: string;
  /** Least share of the runs. */
  readonly share: number;
  holds(draw: ScenarioDraw, judged: Judged): boolean;
  /** Whether the floor applies; it does if this is left out. */
  applies?(context: FloorContext): boolean;
}

const some = (test: (packet: PacketDraw) => boolean) => (draw: ScenarioDraw) =>
  draw.packets.some(test);

/** Labels of the geometry and the schedule. */
const SHAPES: readonly Label[] = [
  {
    label: "tlp",
    share: 0.15,
    holds: ({ geometry }) => geometry.fidelity === "tlp",
    applies: ({ fixed }) => fixed.fidelity === undefined,
  },
  {
    label: "coarse",
    share: 0.09,
    holds: ({ geometry }) => geometry.fidelity === "coarse",
    applies: ({ fixed }) => fixed.fidelity === undefined,
  },
  {
    label: "smallest credits",
    share: 0.05,
    holds: ({ geometry }) => hasLeastCredits(geometry),
    applies: ({ fixed }) =>
      fixed.fidelity === undefined && fixed.headerCredits === undefined &&
      fixed.dataCredits === undefined && fixed.mps === undefined,
  },
  {
    label: "two lcores",
    share: 0.12,
    holds: ({ geometry }) => geometry.lcores === 2,
    applies: ({ fixed }) => fixed.lcores === undefined,
  },
  { label: "deviations", share: 0.12, holds: (draw) => draw.deviations.length > 0 },
  { label: "1 to 4 packets", share: 0.08, holds: (draw) => draw.packets.length <= 4 },
  { label: "24 packets or more", share: 0.065, holds: (draw) => draw.packets.length >= 24 },
  {
    label: "100 packets or more",
    share: 0.003,
    holds: (draw) => draw.packets.length >= 100,
    applies: ({ packetsMax = Infinity }) => packetsMax >= 100,
  },
  { label: "burst of 4", share: 0.065, holds: hasBurst },
  {
    label: "two ports in",
    share: 0.15,
    holds: ({ packets }) => packets.some(({ port }) => port !== packets[0]!.port),
    applies: ({ fixed }) => fixed.ports === undefined,
  },
  { label: "nested routes hit", share: 0.14, holds: hasNestedHit },
  {
    label: "default route",
    share: 0.07,
    holds: (draw) => draw.routes.some((route) => route.depth === 0),
    applies: ({ policy }) => policy.defaultRoute,
  },
];

/** Labels of the faults. Those of one fidelity have no floor where another is fixed. */
const FAULTS: readonly Label[] = FAULT_KINDS.map((kind) => ({
  label: kind.name,
  share: kind.name === "starved credits" ? 0.003 : 0.0035,
  holds: ({ deviations }) =>
    deviations.length > 0 && deviations.some((deviation) => isFault(deviation, kind)),
  applies: ({ fixed }) => fixed.fidelity === undefined && !LINK_FAULTS.includes(kind.name),
}));

/** Labels of the packets. */
const CONTENTS: readonly Label[] = [
  { label: "ttl 0 or 1", share: 0.06, holds: some((packet) => packet.ttl <= 1) },
  { label: "options", share: 0.08, holds: some((packet) => packet.options > 0) },
  { label: "vlan", share: 0.05, holds: some(({ type }) => type === "vlan" || type === "priority") },
  {
    label: "arp or ipv6",
    share: 0.05,
    holds: some((packet) => packet.type === "arp" || packet.type === "ipv6"),
  },
  { label: "wrong checksum", share: 0.06, holds: some((packet) => packet.checksum === "wrong") },
  {
    label: "corner checksum",
    share: 0.08,
    holds: some((packet) => typeof packet.checksum === "number"),
  },
  { label: "bad header", share: 0.05, holds: some((packet) => packet.header !== "right") },
  { label: "bad length", share: 0.06, holds: some((packet) => packet.totalLength !== "right") },
  { label: "padded", share: 0.04, holds: some((packet) => packet.totalLength === "padded") },
  { label: "other mac", share: 0.05, holds: some((packet) => packet.mac !== "port") },
  { label: "fragment", share: 0.08, holds: some((packet) => packet.fragment !== "whole") },
  { label: "runt", share: 0.05, holds: some((packet) => packet.size < 60) },
  { label: "oversize", share: 0.045, holds: some((packet) => packet.size > 1518) },
  { label: "wrong fcs", share: 0.05, holds: some((packet) => packet.fcs === "wrong") },
  { label: "tcp or icmp", share: 0.08, holds: some((packet) => packet.protocol !== "udp") },
];

/** Labels of what the reference router, or the device, made of the packets. */
const OUTCOMES: readonly Label[] = [
  {
    label: "no route",
    share: 0.05,
    holds: (draw) => draw.packets.some((p) => !isCovered(p, draw)),
  },
  {
    label: "hairpin",
    share: 0.14,
    holds: hasHairpin,
    applies: ({ policy }) => policy.topology === undefined,
  },
  {
    label: "several next hops",
    share: 0.02,
    holds: (_, { expectation }) => expectation.oneOf !== undefined,
    applies: ({ policy }) => policy.routeTypes === true,
  },
  {
    label: "longer than an MTU",
    share: 0.01,
    holds: (_, { expectation }) => expectation.cut !== undefined,
    applies: ({ policy }) => policy.tooLong === "cut" && isBelowEthernet(policy),
  },
  {
    label: "all to be forwarded",
    share: 0.07,
    holds: allForward,
    // a filter of sources leaves few such runs
    applies: ({ policy }) => policy.topology !== "sink" && policy.reversePath === undefined,
  },
  {
    label: "congestion drop",
    share: 0.02,
    holds: hasCongestion,
    // Only a device with small buffers of known size must meet congestion, and only if they were
    // drawn.
    applies: ({ policy, offers, fixed }) =>
      policy.congestion.length > 0 && policy.topology !== "sink" && offers.has("occupancy") &&
      Object.keys(fixed).length === 0,
  },
];

const LABELS: readonly Label[] = [...SHAPES, ...FAULTS, ...CONTENTS, ...OUTCOMES];

/** Names of all labels. */
export const LABEL_NAMES: readonly string[] = LABELS.map(({ label }) => label);

/** Counts of labels over the runs of one property. */
export class Labels {
  readonly #counts = new Int32Array(LABELS.length);

  /** Counts the labels of one run. */
  add(draw: ScenarioDraw, judged: Judged): void {
    for (let i = 0; i < LABELS.length; i++) if (LABELS[i]!.holds(draw, judged)) this.#counts[i]!++;
  }

  /** The counts with the floors of a property of `runs` runs. */
  counts(runs: number, context: FloorContext): LabelCount[] {
    const due = context.drawsRoutes ? LABELS : CONTENTS;
    return LABELS.map((label, i) => ({
      label: label.label,
      runs: this.#counts[i]!,
      floor: due.includes(label) && label.applies?.(context) !== false
        ? floorOf(runs * label.share)
        : 0,
    }));
  }
}

/** A floor below three could be missed by chance, though rarely: short runs have none. */
function floorOf(due: number): number {
  return due < 3 ? 0 : Math.floor(due);
}

/** Whether a port sends less than the longest frame that is drawn. */
function isBelowEthernet({ mtu = Infinity }: Policy): boolean {
  return Math.min(...typeof mtu === "number" ? [mtu] : mtu) < 1280;
}

function hasBurst({ packets }: ScenarioDraw): boolean {
  let run = 0;
  for (const packet of packets) {
    run = packet.gapNs === 0 ? run + 1 : 0;
    if (run === 4) return true;
  }
  return false;
}

function covers(route: { prefix: number; depth: number }, dst: number): boolean {
  return ((dst & maskOf(route.depth)) >>> 0) === route.prefix;
}

function isCovered(packet: PacketDraw, draw: ScenarioDraw): boolean {
  return draw.routes.some((route) => covers(route, packet.dst));
}

function hasNestedHit(draw: ScenarioDraw): boolean {
  return draw.packets.some(({ dst }) => {
    let hits = 0;
    for (const route of draw.routes) if (covers(route, dst)) hits++;
    return hits > 1;
  });
}

function hasHairpin({ packets }: ScenarioDraw, { expectation }: Judged): boolean {
  return packets.some(({ port }, i) =>
    ((expectation.reasons[i]! >>> REASON.hairpin) & 1) === 1 ||
    (expectation.forward[i] === 1 && expectation.port[i] === port)
  );
}

function allForward({ packets }: ScenarioDraw, { expectation }: Judged): boolean {
  return packets.every((_, i) => expectation.forward[i] === 1);
}

function hasCongestion({ packets }: ScenarioDraw, { run, expectation }: Judged): boolean {
  if (run === null) return false;
  const { fate } = run.observation;
  return packets.some((_, i) => expectation.forward[i] === 1 && fate[i] === FATE.dropped);
}
