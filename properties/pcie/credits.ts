/** Laws of flow control: PCIE-8 to PCIE-11, and PCIE-16 on the shared pool of a switch. */
import { counterName, downOf, Mirror } from "./_mirror.ts";
import { broken, CLASSES, KEPT, notJudged, type PcieLaw, type PcieRun } from "./law.ts";
import type { PcieVerdict } from "./law.ts";
import type { PcieEvent, PcieLedger } from "../../core/pcie/link/trace.ts";

function judgeGate({ ledger }: PcieRun): PcieVerdict {
  const mirror = new Mirror(ledger);
  for (const event of ledger.events) {
    mirror.follow(event);
    const isSend = event.kind === "send" && event.cls >= 0;
    if (!isSend && event.kind !== "accept") continue;
    const cell = mirror.cell(event.direction, event.cls);
    for (let unit = 0; unit < 2; unit++) {
      if (cell.advertised[unit] === 0) continue;
      const used = (isSend ? cell.consumed : cell.accepted)[unit]!;
      const most = (isSend ? cell.limit : cell.announced)[unit]!;
      if (used <= most) continue;
      return broken(
        `${counterName(ledger, event.direction, event.cls, unit)} at ${event.at} ps: TLP ` +
          `${event.tlp} brings ${isSend ? "consumed" : "received"} to ${used}, expected at most ` +
          `the ${most} ${isSend ? "granted" : "allocated"}`,
        event.tlp,
      );
    }
  }
  return KEPT;
}

/** Nobody sends, and nothing arrives, beyond what was granted. */
export const PCIE_8: PcieLaw = {
  id: "PCIE-8",
  statement: "For each of six counters, what is consumed is at most what was granted at every " +
    "send, and what is received at most what was allocated at every receive.",
  clause: "PCI Express Base 3.0, 2.6.1.2",
  judge: judgeGate,
};

function judgeConservation({ ledger }: PcieRun): PcieVerdict {
  const { pool, creditScale } = ledger.options;
  const mirror = new Mirror(ledger);
  const hasPool = (direction: number) =>
    pool.headers + pool.data > 0 &&
    ledger.options.nodes[ledger.directions[direction]!.to]?.kind === "switch";
  const left = new Map<string, number[]>();
  for (const event of ledger.events) {
    mirror.follow(event);
    const early = judgeFree(ledger, event, left);
    if (early.kind === "broken") return early;
    if (event.kind !== "dllp" || !event.text.startsWith("UpdateFC")) continue;
    const about = event.direction ^ 1;
    if (hasPool(about)) continue;
    const cell = mirror.cell(about, event.cls);
    for (let unit = 0; unit < 2; unit++) {
      if (cell.advertised[unit] === 0) continue;
      const owed = cell.advertised[unit]! + cell.freed[unit]!;
      const whole = owed - owed % creditScale;
      if (cell.announced[unit] === whole) continue;
      return broken(
        `${counterName(ledger, about, event.cls, unit)} at ${event.at} ps: the UpdateFC grants ` +
          `${cell.announced[unit]}, expected the ${cell.advertised[unit]} advertised and ` +
          `${cell.freed[unit]} freed, ${whole}`,
      );
    }
  }
  if (!ledger.atRest) return KEPT;
  return judgeRest({ ledger, mirror, hasPool });
}

/**
 * Whether a buffer is freed too early; `left` is when what a node passes on or refuses has left it, each time it
 * was there: redirection takes a TLP through a switch twice.
 */
function judgeFree(ledger: PcieLedger, event: PcieEvent, left: Map<string, number[]>): PcieVerdict {
  const { kind, direction, tlp: id, at, until, text, value } = event;
  const where = ledger.directions[direction];
  const leaves = (node: number, end: number) => {
    const key = `${id} ${node}`;
    const ends = left.get(key);
    if (ends === undefined) left.set(key, [end]);
    else ends.push(end);
  };
  if (kind === "send" && event.cls >= 0 && !text.startsWith("replay")) leaves(where!.from, until);
  if (kind === "refuse") leaves(value, at);
  if (kind !== "free" || ledger.tlps.get(id)!.target === where!.to) return KEPT;
  const end = left.get(`${id} ${where!.to}`)?.shift() ?? Infinity;
  if (at >= end) return KEPT;
  return broken(
    `TLP ${id} leaves the receive buffer of ${where!.name} at ${at} ps, expected not before its ` +
      `last symbol is sent on at ${end} ps`,
    id,
  );
}

function judgeRest(
  { ledger, mirror, hasPool }: Pick<PcieRun, "ledger"> & {
    mirror: Mirror;
    hasPool(direction: number): boolean;
  },
): PcieVerdict {
  const down = downOf(ledger);
  // a link that nothing had to cross may not have come up when the run was over
  const up = new Set(ledger.events.filter(({ kind }) => kind === "up").map((e) => e.direction));
  for (let d = 2; d < ledger.directions.length; d++) {
    if (down.has(d) || !up.has(d)) continue;
    for (let cls = 0; cls < 3; cls++) {
      const cell = mirror.cell(d, cls);
      for (let unit = 0; unit < 2; unit++) {
        const advertised = cell.advertised[unit]!;
        if (advertised <= 0) continue;
        const held = cell.accepted[unit]! - cell.freed[unit]!;
        const left = cell.limit[unit]! - cell.consumed[unit]!;
        const missing = advertised - held - left;
        if (missing < (hasPool(d) ? -Infinity : 0) || missing >= ledger.options.creditScale) {
          return broken(
            `${counterName(ledger, d, cls, unit)} at rest: the sender has ${left}, expected the ` +
              `${advertised} advertised less ${held} still held`,
          );
        }
      }
    }
  }
  return KEPT;
}

/** Credits are neither lost nor made. */
export const PCIE_9: PcieLaw = {
  id: "PCIE-9",
  statement:
    "An UpdateFC grants what was advertised and what has been freed since, which a TLP is " +
    "that has left; at rest a sender has credit for exactly the free buffer, less what a scaled " +
    "field cannot say.",
  clause: "PCI Express Base 3.0, 2.6.1.2; 4.0, 3.4.2",
  judge: judgeConservation,
};

function judgeInit({ ledger }: PcieRun): PcieVerdict {
  const n = ledger.directions.length;
  const heard = new Uint8Array(n);
  const second = new Uint8Array(n);
  const infinite = new Map<string, boolean>();
  for (const { kind, direction, cls, text, headers, data, at, tlp } of ledger.events) {
    if (kind === "hear" && text.startsWith("InitFC")) {
      heard[direction ^ 1]! |= 1 << cls;
      [headers, data].forEach((field, unit) => {
        infinite.set(`${direction} ${cls} ${unit}`, field === 0);
      });
    }
    // FC_INIT2 ends with an InitFC2, an UpdateFC or a TLP of the partner
    if (kind === "accept" || (kind === "hear" && /InitFC2|UpdateFC/.test(text))) {
      second[direction ^ 1] = 1;
    }
    if (kind === "send" && (heard[direction] !== 7 || second[direction] === 0)) {
      return broken(
        `TLP ${tlp} is sent on ${ledger.directions[direction]!.name} at ${at} ps, before flow ` +
          `control is initialised there`,
        tlp,
      );
    }
    if (kind !== "hear" || !text.startsWith("UpdateFC")) continue;
    for (const [unit, field] of [headers, data].entries()) {
      if (infinite.get(`${direction} ${cls} ${unit}`) === true && field !== 0) {
        return broken(
          `${counterName(ledger, direction ^ 1, cls, unit)} were declared infinite, and an ` +
            `UpdateFC says ${field}, expected 0`,
        );
      }
    }
  }
  return KEPT;
}

/** Initialisation comes first. */
export const PCIE_10: PcieLaw = {
  id: "PCIE-10",
  statement: "No TLP is sent before FC_INIT2 ends; UpdateFCs of infinite credits say 0.",
  clause: "PCI Express Base 3.0, 3.4.1 and 2.6.1",
  judge: judgeInit,
};

function judgeRounding({ ledger }: PcieRun): PcieVerdict {
  for (const { kind, cls, tlp: id, headers, data } of ledger.events) {
    if (kind !== "send" || cls < 0) continue;
    const tlp = ledger.tlps.get(id)!;
    const first = tlp.address - tlp.address % 4;
    const carried = Math.max(4, Math.ceil((tlp.address + tlp.bytes - first) / 4) * 4);
    const expected = tlp.kind === "MWr" || tlp.kind === "CplD" ? Math.ceil(carried / 16) : 0;
    if (headers === 1 && data === expected && cls === tlp.cls) continue;
    return broken(
      `TLP ${id}, a ${tlp.kind} of ${tlp.bytes} bytes at ${tlp.address}, takes ${headers} header ` +
        `and ${data} data credits as ${CLASSES[cls]}, expected 1 and ${expected} as ` +
        `${CLASSES[tlp.cls]}`,
      id,
    );
  }
  return KEPT;
}

/** What a TLP costs. */
export const PCIE_11: PcieLaw = {
  id: "PCIE-11",
  statement: "A TLP takes one header credit and one data credit for every started 16 bytes of " +
    "its whole words; a read, also of no bytes, takes one header credit.",
  clause: "PCI Express Base 3.0, 2.6.1, table 2-36",
  judge: judgeRounding,
};

function judgePool({ ledger }: PcieRun): PcieVerdict {
  const { pool, nodes } = ledger.options;
  const capacity = [pool.headers, pool.data];
  if (pool.headers + pool.data === 0) return notJudged("switches have no shared pool");
  if (ledger.options.creditScale > 1) return notJudged("scaled fields hide single credits");
  const level = nodes.map(() => [...capacity]);
  for (const event of ledger.events) {
    if (event.kind !== "pool") continue;
    level[event.value] = [event.headers, event.data];
    for (const [unit, left] of [event.headers, event.data].entries()) {
      if (left < 0 || left > capacity[unit]!) {
        return broken(
          `the pool of ${ledger.nodes[event.value]} has ${left} ${
            unit === 0 ? "headers" : "data"
          } ` +
            `at ${event.at} ps, expected 0..${capacity[unit]}`,
        );
      }
    }
  }
  if (!ledger.atRest || downOf(ledger).size > 0) return KEPT;
  const mirror = new Mirror(ledger);
  for (const event of ledger.events) mirror.follow(event);
  for (const [node, { kind }] of nodes.entries()) {
    if (kind !== "switch") continue;
    for (let unit = 0; unit < 2; unit++) {
      let sum = level[node]![unit]!;
      for (const [d, { to }] of ledger.directions.entries()) {
        if (to !== node || d < 2) continue;
        for (let cls = 0; cls < 3; cls++) {
          const { limit, consumed, advertised } = mirror.cell(d, cls);
          const left = limit[unit]! - consumed[unit]!;
          if (advertised[unit] === 0) continue;
          if (left < advertised[unit]!) {
            return broken(
              `${counterName(ledger, d, cls, unit)} at rest: ${left} are left of a reserve of ` +
                `${advertised[unit]}`,
            );
          }
          sum += left - advertised[unit]!;
        }
      }
      if (sum !== capacity[unit]) {
        return broken(
          `the pool of ${ledger.nodes[node]} and what its ports have of it are ${sum} ` +
            `${unit === 0 ? "headers" : "data"} at rest, expected ${capacity[unit]}`,
        );
      }
    }
  }
  return KEPT;
}

/** The shared pool of a switch. */
export const PCIE_16: PcieLaw = {
  id: "PCIE-16",
  statement: "A switch's shared pool is never overdrawn and never grows; every class of every " +
    "port keeps its reserve.",
  clause: "US 7869356 B2, claim 1, with a reserve for each class and port",
  judge: judgePool,
};
