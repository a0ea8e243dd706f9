/**
 * The credits of a run once more, from the DLLPs and TLPs of its ledger alone, as plain numbers that only grow:
 * what the laws hold the modular counters against.
 */
import type { PcieEvent, PcieLedger } from "../../core/pcie/link/trace.ts";

/** One counter pair of a direction and class: headers and data. */
export interface MirrorCell {
  /** What the receiver has advertised first; -1 before that; 0: infinite. */
  readonly advertised: [number, number];
  /** Highest limit that the receiver has announced, and that the sender has heard. */
  readonly announced: [number, number];
  readonly limit: [number, number];
  /** Used by the sender, come to the receiver, and free again there. */
  readonly consumed: [number, number];
  readonly accepted: [number, number];
  readonly freed: [number, number];
}

const BITS = [8, 12];

/** Follows the events of a ledger. */
export class Mirror {
  readonly cells: readonly MirrorCell[];
  readonly #scale: number;
  readonly #ledger: PcieLedger;

  constructor(ledger: PcieLedger) {
    this.#ledger = ledger;
    this.#scale = ledger.options.creditScale;
    const pair = (n: number): [number, number] => [n, n];
    this.cells = Array.from({ length: ledger.directions.length * 3 }, (): MirrorCell => ({
      advertised: pair(-1),
      announced: pair(0),
      limit: pair(0),
      consumed: pair(0),
      accepted: pair(0),
      freed: pair(0),
    }));
  }

  cell(direction: number, cls: number): MirrorCell {
    const { options, directions } = this.#ledger;
    const node = directions[direction]!.to;
    const isShared = options.mutants.includes("one-buffer-for-all-classes") &&
      options.nodes[node]?.kind === "switch";
    return this.cells[direction * 3 + (isShared ? 0 : cls)]!;
  }

  /** Takes one event in. */
  follow(event: PcieEvent): void {
    const { kind, direction, cls, text } = event;
    const by = [event.headers, event.data];
    if (kind === "send" && !text.startsWith("replay")) {
      add(this.cell(direction, cls).consumed, by);
    } else if (kind === "accept") add(this.cell(direction, cls).accepted, by);
    else if (kind === "free") add(this.cell(direction, cls).freed, by);
    else if ((kind === "dllp" || kind === "hear") && cls >= 0) this.#dllp(event, by);
  }

  #dllp({ kind, direction, cls, text }: PcieEvent, fields: number[]): void {
    // a DLLP is about the other direction of its link
    const cell = text.startsWith("Init")
      ? this.cells[(direction ^ 1) * 3 + cls]!
      : this.cell(direction ^ 1, cls);
    const known = kind === "dllp" ? cell.announced : cell.limit;
    for (let unit = 0; unit < 2; unit++) {
      const value = fields[unit]! * this.#scale;
      if (text.startsWith("Init")) {
        if (kind === "dllp") cell.advertised[unit] = value;
        if (known[unit] === 0) known[unit] = value;
      } else if (cell.advertised[unit] !== 0) {
        const wrap = 2 ** BITS[unit]! * this.#scale;
        known[unit]! += ((value - known[unit]!) % wrap + wrap) % wrap;
      }
    }
  }

  /** Whether a sender has the credits for a TLP. */
  allows(direction: number, cls: number, data: number): boolean {
    const { limit, consumed, advertised } = this.cell(direction, cls);
    return [1, data].every((need, unit) =>
      need === 0 || advertised[unit] === 0 || limit[unit]! - consumed[unit]! >= need
    );
  }
}

function add(total: [number, number], by: readonly number[]): void {
  total[0] += by[0]!;
  total[1] += by[1]!;
}

/** Name of a counter, for a sentence. */
export function counterName(ledger: PcieLedger, direction: number, cls: number, unit: number) {
  const name = ["posted", "non-posted", "completion"][cls];
  return `${name} ${unit === 0 ? "header" : "data"} credits of ${
    ledger.directions[direction]!.name
  }`;
}

/** Directions that went down. */
export function downOf(ledger: PcieLedger): Set<number> {
  return new Set(ledger.events.flatMap((e) => e.kind === "down" ? [e.direction] : []));
}
