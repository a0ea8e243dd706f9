/**
 * Faults of a run: what hardware may do to a stack now and then, each a deviation at the site that asks for it. Every
 * kind that is drawn is legal, so a right stack keeps all laws under it. What is broken hardware (a doorbell that is
 * lost, a peer that stops for ever) is not drawn: it can be written into a scenario, and laws have to notice.
 *
 * Swarm testing (Groce et al., ISSTA 2012): a run has a random subset of the kinds, since faults of one kind can
 * keep those of another from ever mattering.
 */
import type { Random } from "fast-check";
import type { Geometry } from "../../core/machine/device.ts";
import { STOP_PS } from "../../core/nic/mac_out.ts";
import { UPDATE_LATE_PS } from "../../core/pcie/_credits.ts";
import { HELD, LATE_PS, LOST } from "../../core/pcie/late_fabric.ts";
import type { Deviation } from "../../core/time/choices.ts";
import { TIE_SITE } from "./deviations.ts";
import { oneIn, pick } from "./_pick.ts";

/** One kind of fault. */
export interface HardwareFault {
  /** Name of its label. */
  readonly name: string;
  /** First words of the sites that ask for it. */
  readonly at: readonly string[];
  /** Values 1 to this are legal. */
  readonly values: number;
  /** First occurrence that is drawn; 0 if left out. */
  readonly from?: number;
  /** Ends of its sites' names in a geometry; none where it cannot happen. */
  readonly ends: (geometry: Geometry) => readonly string[];
  /** What happens, behind the words for the site. */
  readonly does: (value: number) => string;
}

const late = (value: number): string => `${time(LATE_PS[value % 8] ?? LATE_PS.at(-1)!)} late`;
const lates = LATE_PS.length - 1;
const nics = ({ ports }: Geometry) => Array.from({ length: ports }, (_, p) => `nic${p}`);
const queues = (g: Geometry) =>
  nics(g).flatMap((nic) => Array.from({ length: g.lcores }, (_, q) => `${nic}.${q}`));
const peers = (sign: string) => (g: Geometry) =>
  nics(g).flatMap((nic) =>
    ["host", ...nics(g)].filter((peer) => peer !== nic).map((peer) => nic + sign + peer)
  );
const directions = (g: Geometry) =>
  ["host", ...nics(g)].flatMap((node) => [`${node}>switch`, `switch>${node}`]);
/** The link model calls the root complex by its name. */
const linkDirections = (g: Geometry) =>
  g.fidelity !== "link" ? [] : nics(g).flatMap(
    (nic) => [`${nic}>switch`, `switch>${nic}`],
  );

/** All kinds that are drawn. */
export const FAULT_KINDS: readonly HardwareFault[] = [
  {
    name: "late write-back",
    at: ["rx write-back", "tx write-back"],
    values: HELD,
    ends: queues,
    does: (value) =>
      value === HELD ? "was held until its vector was unmasked" : `came ${late(value)}`,
  },
  {
    name: "late doorbell",
    at: ["rx doorbell", "tx doorbell"],
    values: lates,
    ends: queues,
    does: (value) => value === LOST ? "was lost" : `came ${late(value)}`,
  },
  {
    name: "late unmasking",
    at: ["unmask"],
    values: lates,
    ends: queues,
    does: (value) => `came ${late(value)}`,
  },
  {
    name: "late interrupt",
    at: ["interrupt"],
    values: lates,
    ends: queues,
    does: (value) => `came ${late(value)}`,
  },
  {
    name: "spurious interrupt",
    at: ["spurious"],
    values: 1,
    ends: queues,
    does: () => "was sent though masked",
  },
  {
    name: "late write",
    at: ["write"],
    values: lates,
    ends: peers(">"),
    does: (value) => `landed ${late(value)}`,
  },
  {
    name: "late read",
    at: ["read"],
    values: lates,
    ends: peers("<"),
    does: (value) => `was answered ${late(value)}`,
  },
  {
    name: "starved credits",
    at: ["update"],
    values: UPDATE_LATE_PS.length - 1,
    ends: (g) =>
      g.fidelity !== "tlp"
        ? []
        : directions(g).flatMap((direction) =>
          ["posted", "non-posted", "completion"].map((cls) => `${direction} ${cls}`)
        ),
    does: (value) => `came ${time(UPDATE_LATE_PS[value % UPDATE_LATE_PS.length]!)} late`,
  },
  {
    name: "stopped egress",
    at: ["egress"],
    values: STOP_PS.length - 2,
    ends: ({ ports }) => Array.from({ length: ports }, (_, port) => `port${port}`),
    does: (value) => {
      const stop = STOP_PS[value % STOP_PS.length]!;
      return stop === Infinity ? "never left: the peer stopped" : `left ${time(stop)} late`;
    },
  },
  {
    name: "failed allocation",
    at: ["allocation"],
    values: 1,
    ends: () => [""],
    does: () => "failed",
  },
  {
    name: "split completion",
    at: ["split"],
    values: 3,
    ends: (g) => g.fidelity === "link" ? ["host", ...nics(g)] : [],
    does: (value) => `ended at another boundary (${value})`,
  },
  {
    name: "corrupted TLP",
    at: ["tlp error"],
    values: 1,
    ends: linkDirections,
    does: () => "was corrupted and replayed",
  },
  {
    name: "lost DLLP",
    at: ["dllp error"],
    // the first of a direction initialise flow control, which PCIE-10 is about
    from: 12,
    values: 1,
    ends: linkDirections,
    does: () => "was lost",
  },
];

/** The nouns of sites, where the first words alone do not say what is counted. */
const NOUNS: Readonly<Record<string, string>> = {
  spurious: "interrupt",
  unmask: "unmasking",
  update: "UpdateFC",
  egress: "frame",
  split: "completion",
  "tlp error": "TLP",
  "dllp error": "DLLP",
};

function time(ps: number): string {
  return ps < 1e6 ? `${ps / 1000} ns` : `${ps / 1e6} us`;
}

interface Found {
  readonly kind: HardwareFault;
  readonly at: string;
}

/** The kind of fault that a deviation is, and the first words of its site; null for a tie and the like. */
function kindOf({ site }: Deviation): Found | null {
  if (site === TIE_SITE) return null;
  for (const kind of FAULT_KINDS) {
    for (const at of kind.at) if (site === at || site.startsWith(`${at} `)) return { kind, at };
  }
  return null;
}

/** Whether a deviation is a fault of this kind. */
export function isFault(deviation: Deviation, kind: HardwareFault): boolean {
  return kindOf(deviation)?.kind === kind;
}

/** Whether a deviation is a fault, and not only another order of what happens at one instant. */
export function isAnyFault(deviation: Deviation): boolean {
  return deviation.site !== TIE_SITE;
}

/**
 * A fault in words, with occurrences counted from 0; null for a deviation that is none. O(kinds).
 *
 * @example
 * ```ts
 * import { describeFault } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   describeFault({ site: "rx write-back nic0.1", occurrence: 3, value: 4 }),
 *   "rx write-back 3 of nic0 queue 1 came 5 us late",
 * );
 * assertEquals(describeFault({ site: "tie", occurrence: 3, value: 4 }), null);
 * ```
 */
export function describeFault(deviation: Deviation): string | null {
  const found = kindOf(deviation);
  if (found === null) return null;
  const { kind, at } = found;
  const { site, occurrence, value } = deviation;
  const where = site.slice(at.length + 1).replace(/^(nic\d+)\.(\d+)$/, "$1 queue $2");
  const of = where === "" ? "" : ` of ${where}`;
  return `${NOUNS[at] ?? at} ${occurrence}${of} ${kind.does(value)}`;
}

/** Faults of a random subset of the kinds that can happen in a geometry; early occurrences are likelier. */
export function drawFaults(random: Random, geometry: Geometry): Deviation[] {
  const faults: Deviation[] = [];
  for (const kind of FAULT_KINDS) {
    if (!oneIn(random, 3)) continue;
    const ends = kind.ends(geometry);
    if (ends.length === 0) continue;
    for (let count = random.nextInt(1, 3); count > 0; count--) {
      const site = `${pick(random, kind.at)} ${pick(random, ends)}`.trimEnd();
      const first = (kind.from ?? 0) +
        (oneIn(random, 3) ? random.nextInt(0, 40) : random.nextInt(0, 6));
      const value = random.nextInt(1, kind.values);
      // several in a row now and then: a class of credits is starved, a queue late, for a while
      const last = first + (oneIn(random, 3) ? random.nextInt(1, 7) : 0);
      for (let occurrence = first; occurrence <= last; occurrence++) {
        if (faults.some((one) => one.site === site && one.occurrence === occurrence)) continue;
        faults.push({ site, occurrence, value });
      }
    }
  }
  return faults;
}
