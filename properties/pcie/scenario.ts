/** Scenarios of the link-level model as data, and how one is run. */
import { Choices, type Deviation } from "../../core/time/choices.ts";
import { Clock } from "../../core/time/clock.ts";
import { PcieModel } from "../../core/pcie/link/model.ts";
import type { PcieOptions } from "../../core/pcie/link/options.ts";
import type { PcieRun } from "./law.ts";

/** One write or read. */
export interface PcieOperation {
  /** Posted write, or read. */
  readonly kind: "write" | "read";
  /** Node that asks. */
  readonly src: number;
  /** Node whose window the address lies in. */
  readonly dst: number;
  /** Distance of the address from the beginning of the window, in bytes. */
  readonly offset: number;
  /** 1 or more; a read may have 0. */
  readonly bytes: number;
  /** Not before this time, in ps; later when the source has no room. */
  readonly at?: number;
  /** Relaxed ordering. */
  readonly relaxed?: boolean;
  /** ID-based ordering. */
  readonly idBased?: boolean;
}

/** What is run. */
export interface PcieScenario {
  /** What differs from `PCIE_DEFAULTS`. */
  readonly options: Partial<PcieOptions>;
  /** In order, each source for itself. */
  readonly operations: readonly PcieOperation[];
  /** Which TLPs and DLLPs are corrupted, how completions are split, who is served first. */
  readonly deviations?: readonly Deviation[];
  /** An endpoint that is removed, and when. */
  readonly remove?: { readonly node: number; readonly at: number };
  /** Most events of the clock; 1 000 000. */
  readonly events?: number;
}

/**
 * Runs a scenario until nothing is left to do, or stuck, or for as many events as it allows.
 *
 * @example
 * ```ts
 * import { runPcie } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const { ledger } = runPcie({
 *   options: {},
 *   operations: [{ kind: "read", src: 2, dst: 0, offset: 0x20, bytes: 128 }],
 * });
 * assertEquals([...ledger.tlps.values()].map((tlp) => tlp.kind), ["MRd", "CplD"]);
 * ```
 */
export function runPcie(scenario: PcieScenario): PcieRun {
  return runPcieOn([], scenario);
}

/** The same on a model that has run others before; the options are those of the scenario. */
export function runPcieOn(before: readonly PcieScenario[], scenario: PcieScenario): PcieRun {
  const clock = new Clock();
  const model = new PcieModel(clock, scenario.options, true);
  for (const one of before) play(clock, model, one);
  const endPs = play(clock, model, scenario);
  return {
    scenario,
    ledger: model.ledger(),
    endPs,
    again: (change) => runPcieOn(before, { ...scenario, ...change }),
  };
}

/** Resets a model and runs a scenario on it; answers when its last operation ended. */
function play(clock: Clock, model: PcieModel, scenario: PcieScenario): number {
  const { deviations = [], remove, events = 1_000_000 } = scenario;
  let choices: Choices | null = null;
  if (deviations.length > 0) {
    choices = new Choices();
    choices.reset(deviations);
  }
  clock.reset();
  model.reset(choices);
  let endPs = 0;
  const done = clock.register(() => endPs = clock.now);
  const lists = model.options.nodes.map((_, src) =>
    scenario.operations.filter((operation) => operation.src === src)
  );
  const next = lists.map(() => 0);
  const gone = new Set<number>();
  const go = clock.register((src) => {
    const list = lists[src]!;
    while (next[src]! < list.length && !gone.has(src)) {
      const operation = list[next[src]!]!;
      const { at = 0 } = operation;
      if (at > clock.now) return clock.at(at, go, src);
      if (!model.room(src)) return;
      next[src]!++;
      const address = model.address(operation.dst) + operation.offset;
      model[operation.kind](src, address, operation.bytes, done, 0, operation);
    }
  });
  lists.forEach((list, src) => {
    model.onRoom(src, go);
    if (list.length > 0) clock.at(0, go, src);
  });
  const removal = clock.register((node) => {
    gone.add(node);
    model.remove(node);
  });
  if (remove !== undefined) clock.at(remove.at, removal, remove.node);
  clock.run({ horizonPs: 2 ** 53, events }, () => model.isQuiet);
  return endPs;
}
