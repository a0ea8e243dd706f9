/** Laws of ordering: PCIE-3, PCIE-12 to PCIE-15. */
import { downOf } from "./_mirror.ts";
import { broken, CLASSES, KEPT, type PcieLaw, type PcieRun, type PcieVerdict } from "./law.ts";
import type { PcieTlp } from "../../core/pcie/link/trace.ts";

/** Rows: later, columns: earlier, both as posted, non-posted, completion; `a` is either. */
const TABLE = ["nyy", "nay", "nya"];

/** Whether `later` may go first (base specification, table 2-39), where both wait for one direction. */
function mayPass(later: PcieTlp, earlier: PcieTlp): boolean {
  if (later.cls === 2 && earlier.cls === 2) {
    return later.requester !== earlier.requester || later.tag !== earlier.tag;
  }
  if (TABLE[later.cls]![earlier.cls] !== "n") return true;
  if (later.idBased && later.source !== earlier.source) return true;
  return later.relaxed && later.cls !== 1;
}

function judgeTable({ ledger }: PcieRun): PcieVerdict {
  const waiting = new Map<string, PcieTlp[]>();
  const place = new Map<string, string>();
  for (const { kind, direction, tlp: id, value, cls, text } of ledger.events) {
    if (kind === "queue") {
      const key = `${value} ${direction}`;
      const tlp = ledger.tlps.get(id)!;
      waiting.set(key, [...waiting.get(key) ?? [], tlp]);
      place.set(`${id} ${direction}`, key);
    }
    if (kind === "refuse") {
      for (const list of waiting.values()) {
        const at = list.findIndex((tlp) => tlp.id === id);
        if (at >= 0) list.splice(at, 1);
      }
    }
    if (kind !== "send" || cls < 0 || text.startsWith("replay")) continue;
    const key = place.get(`${id} ${direction}`);
    if (key === undefined) continue;
    const list = waiting.get(key)!;
    const at = list.findIndex((tlp) => tlp.id === id);
    const later = list[at]!;
    const passed = list.slice(0, at).find((earlier) => !mayPass(later, earlier));
    if (passed !== undefined) {
      return broken(
        `${CLASSES[later.cls]} TLP ${later.id} leaves on ${ledger.directions[direction]!.name} ` +
          `before the ${CLASSES[passed.cls]} TLP ${passed.id} that came before it by the same port`,
        later.id,
        passed.id,
      );
    }
    list.splice(at, 1);
  }
  return KEPT;
}

/** The ordering table. */
export const PCIE_3: PcieLaw = {
  id: "PCIE-3",
  statement:
    "Of the TLPs of one ingress port that wait for one egress, none goes before one that " +
    "the ordering table does not let it pass.",
  clause: "PCI Express Base 3.0, 2.4.1, table 2-39",
  judge: judgeTable,
};

function judgeDelivery({ ledger }: PcieRun): PcieVerdict {
  const down = downOf(ledger);
  const sent = ledger.directions.map((): { tlp: number; seq: number }[] => []);
  const came = ledger.directions.map(() => 0);
  for (const { kind, direction, tlp, value, text } of ledger.events) {
    const name = ledger.directions[direction]?.name;
    if (kind === "send") {
      const list = sent[direction]!;
      if (!text.startsWith("replay")) {
        if (value !== list.length % 4096) {
          return broken(
            `TLP ${tlp} on ${name} has number ${value}, expected ${list.length % 4096}`,
            tlp,
          );
        }
        list.push({ tlp, seq: value });
      } else if (!list.slice(-2048).some((one) => one.tlp === tlp && one.seq === value)) {
        return broken(`${name} replays TLP ${tlp} as number ${value}, which was another`, tlp);
      }
    }
    if (kind !== "accept") continue;
    const expected = sent[direction]![came[direction]!++];
    if (expected?.tlp !== tlp || expected.seq !== value) {
      return broken(
        `${name} delivers TLP ${tlp} as number ${value}, expected TLP ${expected?.tlp} as number ` +
          `${expected?.seq}: one was lost, repeated or overtaken`,
        tlp,
      );
    }
  }
  for (const [d, list] of sent.entries()) {
    if (!ledger.atRest || ledger.outstanding > 0 || down.has(d)) continue;
    const lost = list[came[d]!];
    if (lost !== undefined) {
      return broken(`TLP ${lost.tlp} was lost on ${ledger.directions[d]!.name}`, lost.tlp);
    }
  }
  return judgeBytes({ ledger });
}

/** Bytes of each operation that succeeded: asked for, and landed or come back. */
function judgeBytes({ ledger }: Pick<PcieRun, "ledger">): PcieVerdict {
  const bytes = new Map<number, number>();
  const asked = new Map<number, number>();
  for (const { kind, tlp: id, data, text } of ledger.events) {
    if (kind === "post") asked.set(id, data);
    if (kind === "land" || (kind === "data" && text === "success")) {
      const tlp = ledger.tlps.get(id)!;
      bytes.set(tlp.operation, (bytes.get(tlp.operation) ?? 0) + tlp.bytes);
    }
    if (kind === "done" && text === "success" && (bytes.get(id) ?? 0) !== asked.get(id)) {
      return broken(
        `operation ${id} ended after ${bytes.get(id) ?? 0} bytes, expected ${asked.get(id)}`,
        id,
      );
    }
  }
  return KEPT;
}

/** The data link layer loses nothing. */
export const PCIE_12: PcieLaw = {
  id: "PCIE-12",
  statement: "A link delivers each TLP once and in order, whatever is corrupted; each operation " +
    "that succeeds moves its bytes.",
  clause: "PCI Express Base 3.0, 3.5.2 and 3.5.3",
  judge: judgeDelivery,
};

function judgeVisibility({ ledger }: PcieRun): PcieVerdict {
  const order = new Map<number, number>();
  const latest = new Map<string, { place: number; tlp: PcieTlp }>();
  const lands = ledger.events.filter(({ kind }) => kind === "land");
  for (const { kind, tlp } of ledger.events) if (kind === "post") order.set(tlp, order.size);
  for (const { tlp: id, at } of lands) {
    const tlp = ledger.tlps.get(id)!;
    const key = `${tlp.source} ${tlp.target}`;
    const place = order.get(tlp.operation)!;
    const last = latest.get(key);
    if (last !== undefined && last.place > place && !last.tlp.relaxed) {
      return broken(
        `TLP ${id} of operation ${tlp.operation} is visible at ${at} ps, after TLP ` +
          `${last.tlp.id} of the later operation ${last.tlp.operation}`,
        id,
        last.tlp.id,
      );
    }
    if (last === undefined || place >= last.place) latest.set(key, { place, tlp });
  }
  return KEPT;
}

/** A payload is visible before its descriptor. */
export const PCIE_13: PcieLaw = {
  id: "PCIE-13",
  statement: "A posted write without relaxed ordering is not visible before an earlier write of " +
    "its requester to the same target.",
  clause: "PCI Express Base 3.0, 2.4.1, A2a",
  judge: judgeVisibility,
};

function judgeCompletions({ ledger }: PcieRun): PcieVerdict {
  // posted TLPs of a completer towards a requester that were sent and are not visible
  const pending = new Map<string, Set<number>>();
  const before = new Map<number, number[]>();
  for (const { kind, direction, tlp: id, cls, text } of ledger.events) {
    const tlp = ledger.tlps.get(id);
    if (tlp === undefined || tlp.cls === 1) continue;
    const key = `${tlp.source} ${tlp.target}`;
    const set = pending.get(key) ?? new Set<number>();
    pending.set(key, set);
    if (kind === "land" || kind === "refuse") set.delete(id);
    if (kind === "send" && cls >= 0 && ledger.directions[direction]!.from === tlp.source) {
      if (tlp.cls === 0) set.add(id);
      else if (!tlp.relaxed) before.set(id, [...set]);
    }
    if (kind !== "data" || text === "unexpected") continue;
    const late = before.get(id)?.find((posted) => set.has(posted));
    if (late === undefined) continue;
    return broken(
      `completion ${id} of ${ledger.nodes[tlp.source]} reaches ${ledger.nodes[tlp.target]} while ` +
        `the posted TLP ${late}, sent before it, is not visible there`,
      id,
      late,
    );
  }
  return KEPT;
}

/** A completion pushes posted writes. */
export const PCIE_14: PcieLaw = {
  id: "PCIE-14",
  statement: "A completion is not seen before the posted writes that its completer had sent to " +
    "the same requester.",
  clause: "PCI Express Base 3.0, 2.4.1, D2a",
  judge: judgeCompletions,
};

function judgeAcceptance({ ledger }: PcieRun): PcieVerdict {
  const accepted = new Map<number, number>();
  const check = (id: number, at: number, until: string): PcieVerdict =>
    broken(
      `posted TLP ${id} came to ${ledger.nodes[ledger.tlps.get(id)!.target]} at ${at} ps and was ` +
        `taken ${until}, expected at once, whatever the node can send`,
      id,
    );
  for (const { kind, direction, tlp: id, cls, at } of ledger.events) {
    if (cls !== 0 || (kind !== "accept" && kind !== "free")) continue;
    if (ledger.directions[direction]!.to !== ledger.tlps.get(id)!.target) continue;
    if (kind === "accept") accepted.set(id, at);
    else {
      if (accepted.get(id) !== at) return check(id, accepted.get(id)!, `at ${at} ps`);
      accepted.delete(id);
    }
  }
  for (const [id, at] of accepted) return check(id, at, "never");
  return KEPT;
}

/** Acceptance does not depend on transmission. */
export const PCIE_15: PcieLaw = {
  id: "PCIE-15",
  statement: "An endpoint takes a posted TLP whether or not it can send one.",
  clause: "PCI Express Base 3.0, 2.4.1, deadlock avoidance",
  judge: judgeAcceptance,
};
