/** Laws of requests and completions: PCIE-4 to PCIE-7, and PCIE-21 on the room that they need. */
import { broken, KEPT, notJudged, type PcieLaw, type PcieRun, type PcieVerdict } from "./law.ts";
import type { PcieLedger, PcieTlp } from "../../core/pcie/link/trace.ts";

function judgeTags({ ledger }: PcieRun): PcieVerdict {
  const holder = new Map<string, number>();
  const limit = 2 ** ledger.options.tagBits;
  const gone = new Set<number>();
  for (const { kind, direction, tlp: id, cls, text } of ledger.events) {
    if (kind === "down") gone.add(direction >> 1);
    const tlp = ledger.tlps.get(id);
    if (tlp === undefined || tlp.cls === 0) continue;
    const key = `${tlp.requester} ${tlp.tag}`;
    const where = ledger.directions[direction];
    if (kind === "send" && cls === 1 && where!.from === tlp.source && !text.startsWith("replay")) {
      const other = holder.get(key);
      if (tlp.tag < 0 || tlp.tag >= limit || other !== undefined) {
        return broken(
          `request ${id} of ${ledger.nodes[tlp.requester]} takes tag ${tlp.tag}, ` +
            (other === undefined ? `expected 0..${limit - 1}` : `which request ${other} holds`),
          id,
        );
      }
      holder.set(key, id);
    }
    const ends = kind === "timeout" ||
      (kind === "accept" && tlp.cls === 2 && tlp.last && where!.to === tlp.target);
    const request = tlp.cls === 2 ? tlp.request : id;
    if (ends && holder.get(key) === request) holder.delete(key);
  }
  return KEPT;
}

/** Tags. */
export const PCIE_4: PcieLaw = {
  id: "PCIE-4",
  statement: "A requester uses no tag again before the last completion or the time-out of its " +
    "request.",
  clause: "PCI Express Base 3.0, 2.2.6.2",
  judge: judgeTags,
};

const PAGE = 4096;

function judgeRequest(tlp: PcieTlp, most: number): string {
  if (tlp.bytes > most) return `asks for or carries ${tlp.bytes} bytes, expected at most ${most}`;
  const last = tlp.address + Math.max(1, tlp.bytes) - 1;
  if (Math.floor(tlp.address / PAGE) === Math.floor(last / PAGE)) return "";
  return `goes from ${tlp.address} to ${last}, across a boundary of 4 KiB`;
}

function judgeSplits({ ledger }: PcieRun): PcieVerdict {
  const { mps, mrrs, rcb } = ledger.options;
  const next = new Map<number, { address: number; left: number }>();
  for (const tlp of ledger.tlps.values()) {
    if (tlp.cls < 2) {
      const fault = judgeRequest(tlp, tlp.cls === 0 ? mps : mrrs);
      if (fault !== "") return broken(`TLP ${tlp.id}, a ${tlp.kind}, ${fault}`, tlp.id);
      if (tlp.cls === 1) next.set(tlp.id, { address: tlp.address, left: tlp.bytes });
      continue;
    }
    if (tlp.kind === "Cpl") continue;
    const due = next.get(tlp.request)!;
    const { address, left } = due;
    const end = tlp.address + tlp.bytes;
    const boundary = tlp.source === 0 ? rcb : 128;
    const isEnd = tlp.bytes === left;
    const carried = Math.ceil(end / 4) * 4 - Math.floor(tlp.address / 4) * 4;
    if (
      tlp.address !== address || tlp.bytes > left || carried > mps || tlp.last !== isEnd ||
      (!isEnd && (end % boundary !== 0 || tlp.bytes < 1))
    ) {
      return broken(
        `completion ${tlp.id} of request ${tlp.request} has ${tlp.bytes} bytes from ` +
          `${tlp.address}${
            tlp.last ? ", the last" : ""
          }; expected at most ${mps} from ${address}, ` +
          `up to a multiple of ${boundary} or all ${left} that are left`,
        tlp.id,
      );
    }
    due.address = end;
    due.left -= tlp.bytes;
  }
  return KEPT;
}

/** Segmentation. */
export const PCIE_5: PcieLaw = {
  id: "PCIE-5",
  statement: "No request crosses 4 KiB or exceeds MPS or MRRS; the completions of a request come " +
    "in address order, end at read completion boundaries, and sum to it.",
  clause: "PCI Express Base 3.0, 2.2.7 and 2.3.1.1",
  judge: judgeSplits,
};

/** The port of the root complex below which a node is: its own number there; 0 for the root complex. */
function portOf({ options: { nodes } }: PcieLedger, node: number): number {
  let port = node;
  while (port > 0 && nodes[port]!.parent !== 0) port = nodes[port]!.parent;
  return port;
}

/** Where every device is there, an operation fails if the root complex would have to forward it and does not. */
function judgeSuccess(ledger: PcieLedger): PcieVerdict {
  if (ledger.events.some(({ kind }) => kind === "down")) return KEPT;
  const ways = new Map<number, PcieTlp>();
  for (const tlp of ledger.tlps.values()) if (tlp.cls < 2) ways.set(tlp.operation, tlp);
  for (const { kind, tlp: id, text, at } of ledger.events) {
    const way = kind === "done" ? ways.get(id) : undefined;
    if (way === undefined) continue;
    const [from, to] = [portOf(ledger, way.source), portOf(ledger, way.target)];
    const crosses = from !== to && from > 0 && to > 0;
    const goes = ledger.options.rootPeerToPeer || !crosses;
    if ((text === "success") === goes) continue;
    return broken(
      `operation ${id} from ${ledger.nodes[way.source]} to ${
        ledger.nodes[way.target]
      } ended with ` +
        `"${text}" at ${at} ps, expected ${goes ? "success" : "a refusal by the root complex"}`,
      way.id,
    );
  }
  return KEPT;
}

function judgeProgress({ ledger }: PcieRun): PcieVerdict {
  if (!ledger.atRest) return notJudged("the run was cut short");
  const late = ledger.events.find(({ kind }) => kind === "timeout");
  if (late !== undefined && !ledger.events.some(({ kind }) => kind === "down")) {
    return broken(`request ${late.tlp} timed out although every device is there`, late.tlp);
  }
  if (ledger.outstanding === 0) return judgeSuccess(ledger);
  const waiting = new Set<number>();
  const moved = new Set<number>();
  for (const { kind, tlp } of ledger.events) {
    if (kind === "send") moved.add(tlp);
    if (kind === "land" || kind === "data" || kind === "refuse" || kind === "serve") {
      moved.delete(tlp);
    }
    if (kind === "post") waiting.add(tlp);
    if (kind === "done") waiting.delete(tlp);
  }
  return broken(
    `nothing moves any more, and ${ledger.outstanding} operations have not ended, the first of ` +
      `them ${[...waiting][0]}`,
    ...[...moved].slice(0, 8),
  );
}

/** No deadlock. */
export const PCIE_6: PcieLaw = {
  id: "PCIE-6",
  statement:
    "Whatever writes and reads whom, everything ends; in success where no device has gone, " +
    "but for what a root complex does not forward between its ports.",
  clause: "PCI Express Base 3.0, 2.4.1, deadlock avoidance; 1.3.1, peer-to-peer",
  judge: judgeProgress,
};

function judgeAnswers({ ledger }: PcieRun): PcieVerdict {
  if (!ledger.atRest || ledger.outstanding > 0) return notJudged("operations have not ended");
  const open = new Map<number, number>();
  const gone = new Set(
    ledger.events.flatMap((e) => e.kind === "down" ? [e.direction >> 1] : []),
  );
  for (const { kind, tlp: id, cls, direction, text } of ledger.events) {
    const tlp = ledger.tlps.get(id);
    if (tlp === undefined) continue;
    if (kind === "send" && cls === 1 && ledger.directions[direction]!.from === tlp.source) {
      open.set(id, Math.max(1, tlp.bytes));
    }
    if (kind === "timeout") open.delete(id);
    if (kind !== "data") continue;
    if (text === "unexpected") continue;
    if (!open.has(tlp.request)) {
      return broken(`completion ${id} answers request ${tlp.request}, which nobody waits for`, id);
    }
    const left = text === "success" ? open.get(tlp.request)! - Math.max(1, tlp.bytes) : 0;
    if (left > 0) open.set(tlp.request, left);
    else open.delete(tlp.request);
  }
  for (const [id, left] of open) {
    const { requester } = ledger.tlps.get(id)!;
    if (gone.has(requester)) continue;
    return broken(
      `request ${id} of ${ledger.nodes[requester]} still waits for ${left} bytes, expected a ` +
        `completion or a time-out`,
      id,
    );
  }
  return KEPT;
}

/** Every read is answered, or timed out. */
export const PCIE_7: PcieLaw = {
  id: "PCIE-7",
  statement: "Every request gets its completions, or a time-out is reported for it.",
  clause: "PCI Express Base 3.0, 2.8",
  judge: judgeAnswers,
};

function judgeRoom({ ledger }: PcieRun): PcieVerdict {
  const { reads, completionBufferBytes } = ledger.options;
  const serving = ledger.nodes.map(() => 0);
  const asked = ledger.nodes.map(() => 0);
  const open = new Map<number, number>();
  const give = (node: number, request: number) => {
    asked[node]! -= open.get(request) ?? 0;
    open.delete(request);
  };
  for (let i = 0; i < ledger.events.length; i++) {
    const { at, kind, direction, value, tlp: id, text } = ledger.events[i]!;
    // who is gone holds nothing, and nobody says so
    if (kind === "down") return KEPT;
    const tlp = ledger.tlps.get(id);
    if (kind === "serve") serving[value]!++;
    if (kind === "timeout") give(tlp!.requester, id);
    const where = ledger.directions[direction];
    if (kind === "send" && !text.startsWith("replay") && where!.from === tlp!.source) {
      if (tlp!.kind === "CplD" && tlp!.last) serving[tlp!.source]!--;
      if (tlp!.kind === "MRd") {
        open.set(id, tlp!.bytes);
        asked[tlp!.source]! += tlp!.bytes;
      }
    }
    if (kind === "accept" && tlp!.cls === 2 && tlp!.last && where!.to === tlp!.target) {
      give(tlp!.target, tlp!.request);
    }
    // the whole instant first: a request is taken up when the last completion of another begins to leave
    if (ledger.events[i + 1]?.at === at) continue;
    for (const [node, name] of ledger.nodes.entries()) {
      if (serving[node]! > reads) {
        return broken(
          `${name} serves ${serving[node]} requests at ${at} ps, expected ${reads} at most`,
          id,
        );
      }
      if (asked[node]! > completionBufferBytes) {
        return broken(
          `${name} waits for ${asked[node]} bytes at ${at} ps, expected no more than the ` +
            `${completionBufferBytes} that it has room for`,
          id,
        );
      }
    }
  }
  return KEPT;
}

/** Room for what was asked for. */
export const PCIE_21: PcieLaw = {
  id: "PCIE-21",
  statement: "A completer serves no more requests at a time than it has places; a requester asks " +
    "for no more than its completion buffer holds.",
  clause: "PCI Express Base 3.0, 2.6.1: infinite completion credits, so the requester keeps room",
  judge: judgeRoom,
};
