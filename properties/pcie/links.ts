/** Laws of links and switches as servers: PCIE-17 to PCIE-20. */
import { downOf, Mirror } from "./_mirror.ts";
import { broken, KEPT, notJudged, type PcieLaw, type PcieRun, type PcieVerdict } from "./law.ts";
import type { PcieEvent, PcieLedger } from "../../core/pcie/link/trace.ts";

/** What waits for a direction, by the port by which it came. */
interface Waiting {
  readonly tlp: number;
  readonly cls: number;
  readonly data: number;
  readonly ingress: number;
  readonly since: number;
}

/** Data credits of a TLP, from its first send anywhere. */
function dataOf(ledger: PcieLedger): Map<number, number> {
  const data = new Map<number, number>();
  for (const e of ledger.events) if (e.kind === "send" && e.cls >= 0) data.set(e.tlp, e.data);
  return data;
}

/** Follows what waits where. */
class Lines {
  readonly waiting: Waiting[][];
  /** Port by which the TLP sent last had come; -1: made there. */
  ingress = -1;
  readonly #data: Map<number, number>;

  constructor(ledger: PcieLedger) {
    this.waiting = ledger.directions.map(() => []);
    this.#data = dataOf(ledger);
  }

  follow({ kind, direction, tlp, cls, value, at }: PcieEvent): void {
    if (kind === "queue") {
      const data = this.#data.get(tlp) ?? 0;
      this.waiting[direction]!.push({ tlp, cls, data, ingress: value, since: at });
    } else if (kind === "send" && cls >= 0) this.#remove(direction, tlp);
    else if (kind === "refuse") this.waiting.forEach((_, d) => this.#remove(d, tlp));
  }

  #remove(d: number, tlp: number): void {
    const list = this.waiting[d]!;
    const at = list.findIndex((one) => one.tlp === tlp);
    this.ingress = at < 0 ? -1 : list[at]!.ingress;
    if (at >= 0) list.splice(at, 1);
  }

  /** The oldest of every ingress port. */
  oldest(d: number): Waiting[] {
    const list = this.waiting[d]!;
    return list.filter((one, i) => list.findIndex((o) => o.ingress === one.ingress) === i);
  }
}

function judgeIdle({ ledger }: PcieRun): PcieVerdict {
  const { postedQueue, replayTlps, nodes } = ledger.options;
  const mirror = new Mirror(ledger);
  const lines = new Lines(ledger);
  const down = downOf(ledger);
  const n = ledger.directions.length;
  const busy = new Float64Array(n);
  const up = new Uint8Array(n);
  const unacked = ledger.directions.map(() => [] as number[]);
  const idle = (d: number, now: number): PcieVerdict => {
    if (busy[d]! > now || up[d] === 0 || unacked[d]!.length >= replayTlps) return KEPT;
    const { name } = ledger.directions[d]!;
    const free = lines.oldest(d).find((one) =>
      mirror.allows(d, one.cls, one.data) &&
      !(one.cls === 0 && postedQueue === "shared")
    );
    return free === undefined ? KEPT : broken(
      `${name} is idle after ${now} ps although TLP ${free.tlp} waits since ${free.since} ps and ` +
        `has its credits: something on another egress holds it up`,
      free.tlp,
    );
  };
  for (let i = 0; i < ledger.events.length; i++) {
    const event = ledger.events[i]!;
    mirror.follow(event);
    lines.follow(event);
    const { kind, direction, at, until, value, text } = event;
    if (kind === "up") up[direction] = 1;
    if (kind === "send" || kind === "dllp") busy[direction] = until;
    if (kind === "send" && !text.startsWith("replay")) unacked[direction]!.push(value);
    if (kind === "hear" && (text === "Ack" || text === "Nak")) {
      const list = unacked[direction ^ 1]!;
      const last = list.lastIndexOf(value);
      if (last >= 0) list.splice(0, last + 1);
    }
    // the whole instant first
    if (ledger.events[i + 1]?.at === at) continue;
    for (let d = 2; d < n; d++) {
      const { from } = ledger.directions[d]!;
      const isFlit = nodes[d >> 1]!.link.generation === 6;
      if (isFlit || down.has(d) || nodes[from]!.kind !== "switch" || !ledger.atRest) continue;
      const verdict = idle(d, at);
      if (verdict.kind === "broken") return verdict;
    }
  }
  return KEPT;
}

/** Virtual output queues. */
export const PCIE_17: PcieLaw = {
  id: "PCIE-17",
  statement: "A port of a switch does not idle while the oldest TLP of another port waits for it " +
    "and has its credits; posted TLPs that are declared to share a queue excepted.",
  clause: "PEX 8532 data book, 8.2.3",
  judge: judgeIdle,
};

function judgeTurns({ ledger, scenario }: PcieRun): PcieVerdict {
  if (scenario.deviations?.some(({ site }) => site === "pcie arbitration") === true) {
    return notJudged("the choices decide who is served");
  }
  const isShared = ledger.options.postedQueue === "shared";
  const lines = new Lines(ledger);
  const data = dataOf(ledger);
  const last = ledger.directions.map(() => ({ ingress: NaN, at: 0 }));
  for (const event of ledger.events) {
    lines.follow(event);
    if (event.kind !== "send" || event.cls < 0) continue;
    const { direction: d, tlp, at, cls } = event;
    const { ingress } = lines;
    const before = last[d]!;
    const passed = before.ingress !== ingress || (isShared && cls === 0)
      ? undefined
      : lines.oldest(d).find((one) =>
        one.ingress !== ingress && one.since < before.at && one.cls === cls &&
        one.data <= data.get(tlp)!
      );
    if (passed !== undefined) {
      return broken(
        `${
          ledger.directions[d]!.name
        } serves one port twice, at ${before.at} and ${at} ps, while ` +
          `TLP ${passed.tlp} of another waits since ${passed.since} ps`,
        tlp,
        passed.tlp,
      );
    }
    last[d] = { ingress, at };
  }
  return KEPT;
}

/** Fairness. */
export const PCIE_18: PcieLaw = {
  id: "PCIE-18",
  statement:
    "An egress port serves the ingress ports in turn: none twice while the oldest TLP of " +
    "another, of the same class and no larger, waits.",
  clause: "PCI Express Base 3.0, 6.3.3.4, round-robin port arbitration",
  judge: judgeTurns,
};

const GIGATRANSFERS = [0, 2.5, 5, 8, 16, 32, 64];

function judgeTimes({ ledger }: PcieRun): PcieVerdict {
  const { nodes, addressBits, ecrc, switchPs } = ledger.options;
  const until = new Float64Array(ledger.directions.length);
  const head = new Map<number, number>();
  for (const { kind, direction: d, tlp: id, at, until: end, cls } of ledger.events) {
    if (kind !== "send" && kind !== "dllp") continue;
    const { generation, lanes, propagationPs } = nodes[d >> 1]!.link;
    if (generation === 6) continue;
    const { name } = ledger.directions[d]!;
    if (at < until[d]!) {
      return broken(`${name} begins at ${at} ps, before what it sends ends at ${until[d]} ps`, id);
    }
    until[d] = end;
    let bytes = 8;
    if (kind === "send") {
      const { kind: what, address, bytes: payload } = ledger.tlps.get(id)!;
      const first = address - address % 4;
      const words = Math.max(4, Math.ceil((address + payload - first) / 4) * 4);
      const is64 = addressBits === 64 && (what === "MWr" || what === "MRd");
      bytes = 8 + (is64 ? 16 : 12) + (what === "MWr" || what === "CplD" ? words : 0) +
        (ecrc ? 4 : 0);
    }
    const perByte = generation <= 2 ? 10 : 8 * 130 / 128;
    const least = bytes * perByte * 1000 / (GIGATRANSFERS[generation]! * lanes);
    if (end - at < least - 1) {
      return broken(
        `${name} sends ${bytes} bytes in ${end - at} ps, expected ${least} at least`,
        id,
      );
    }
    if (kind !== "send" || cls < 0) continue;
    const before = head.get(id);
    if (before !== undefined && at < before + switchPs) {
      return broken(`TLP ${id} leaves on ${name} at ${at} ps, expected ${before + switchPs}`, id);
    }
    head.set(id, at + propagationPs);
  }
  return KEPT;
}

/** No link is faster than it is. */
export const PCIE_19: PcieLaw = {
  id: "PCIE-19",
  statement:
    "A direction sends one thing at a time, no faster than its rate, and nothing passes a " +
    "switch in less than its latency.",
  clause: "PCI Express Base 3.0, 4.2; Neugebauer et al., SIGCOMM 2018, 3",
  judge: judgeTimes,
};

function judgeMore({ scenario, ledger, endPs, again }: PcieRun): PcieVerdict {
  const [first, ...others] = scenario.operations;
  const isFlow = first !== undefined && scenario.remove === undefined &&
    (scenario.deviations ?? []).length === 0 &&
    others.every(({ kind, src, dst }) =>
      kind === first.kind && src === first.src && dst === first.dst
    );
  if (!isFlow) return notJudged("more than one flow, faults or choices");
  const { nodes, creditScale } = ledger.options;
  const more = (credits: readonly [number, number]): [number, number] => [
    Math.min(credits[0] * 2, 127 * creditScale - 127 * creditScale % creditScale),
    Math.min(credits[1] * 2, 2047 * creditScale),
  ];
  const larger = nodes.map((node) => {
    const [p, np, cpl] = node.buffers;
    return { ...node, buffers: [more(p), more(np), more(cpl)] as const };
  });
  const { endPs: sooner } = again({ options: { ...scenario.options, nodes: larger } });
  // DLLPs come at other times, and one may stand in the way of the last TLP on each link
  const slack = ledger.directions.length * 100_000;
  return sooner <= endPs + slack ? KEPT : broken(
    `with twice the credits the last operation ends at ${sooner} ps, expected not after ${endPs} ps`,
  );
}

/** More is not less. */
export const PCIE_20: PcieLaw = {
  id: "PCIE-20",
  statement: "More credits do not make a flow slower.",
  clause: "PCI Express Base 3.0, 2.6.1.2: credits only ever hold TLPs back",
  judge: judgeMore,
};
