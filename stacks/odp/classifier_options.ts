/** How the classifier is set up, and what is refused. */
import { checkKnob, checkWord } from "./options.ts";
import { COS_MAX } from "./classification.ts";
import { PMR_TERMS, type PmrOptions } from "./pmr.ts";
import type { OdpAction, OdpSync } from "./queue.ts";

/** A class of service (`odp_cls_cos_param_t`). */
export interface OdpCosOptions {
  /** Its name, by which rules name it. */
  readonly name: string;
  /** Whether packets are dropped here [ODP_COS_ACTION_DROP]; false. */
  readonly drop?: boolean;
  /** Synchronisation of its queues; that of the mode. */
  readonly sync?: OdpSync;
  /** Their priority, 7 is the most urgent; that of input queues. */
  readonly prio?: number;
  /** Events that each of its queues holds; `queueSize`. */
  readonly size?: number;
  /** Queues that packets are spread over by a hash of addresses and ports [num_queue]; 1. */
  readonly queues?: number;
  /** Packets of a pool of its own; absent: packets stay in the pool that they were received into. */
  readonly pool?: number;
  /** What the program does with its packets; `"forward"`. */
  readonly action?: OdpAction;
}

/** Classes, rules, and where packets begin. */
export interface OdpClassifierOptions {
  /** The classes. */
  readonly cos: readonly OdpCosOptions[];
  /** Rules that lead from one to another; none. Of several that match the first counts. */
  readonly pmr?: readonly PmrOptions[];
  /** Class of packets that match no rule [odp_pktio_default_cos_set]. */
  readonly defaultCos: string;
  /** Class of packets with errors [odp_pktio_error_cos_set]; absent: they are dropped, `in_errors`. */
  readonly errorCos?: string;
  /** Default class of the loop interface; without it there is no loop interface. */
  readonly loopDefaultCos?: string;
}

/** @throws {RangeError} when a class is missing, or packets could go round for ever */
export function checkClassifier(
  { cos, pmr = [], defaultCos, errorCos, loopDefaultCos }: OdpClassifierOptions,
): void {
  checkKnob("number of classes", cos.length, 1, COS_MAX);
  const names = cos.map(({ name }) => name);
  for (const { sync, prio = 0, queues = 1, pool = 1, action = "forward", size = 1 } of cos) {
    if (sync !== undefined) checkWord("sync", sync, ["parallel", "atomic", "ordered"]);
    checkWord("action", action, ["forward", "loop", "decap"]);
    checkKnob("prio", prio, 0, 7);
    checkKnob("queues", queues, 1, 32);
    checkKnob("pool", pool, 1, 2 ** 18 - 1);
    checkKnob("size", size, 1, 8192);
    if (action !== "forward" && loopDefaultCos === undefined) {
      throw new RangeError(`Cannot configure odp: action "${action}" needs loopDefaultCos`);
    }
  }
  for (const name of [defaultCos, errorCos ?? defaultCos, loopDefaultCos ?? defaultCos]) {
    checkWord("class", name, names);
  }
  for (const { from, to, terms } of pmr) {
    checkWord("class", from, names);
    checkWord("class", to, names);
    if (terms.length === 0) throw new RangeError("Cannot configure odp: a rule without terms");
    for (const { term, size = 1, offset = 0 } of terms) {
      checkWord("term", term, PMR_TERMS);
      checkKnob("offset of a custom field", offset, 0, 64);
      checkKnob("size of a custom field", size, 1, 4);
    }
  }
  for (const name of names) {
    if (reached(name, pmr).has(name)) {
      throw new RangeError(`Cannot configure odp: rules lead from class ${name} back to it`);
    }
  }
  if (loopDefaultCos !== undefined) checkLoop(loopDefaultCos, cos, pmr);
}

/** Every class that rules lead to from one. */
function reached(from: string, pmr: readonly PmrOptions[]): Set<string> {
  const seen = new Set<string>();
  const next = [from];
  while (next.length > 0) {
    const at = next.pop()!;
    for (const rule of pmr) {
      if (rule.from !== at || seen.has(rule.to)) continue;
      seen.add(rule.to);
      next.push(rule.to);
    }
  }
  return seen;
}

/** What came out of the loop may go in again only with less than it had: unchanged it would never end. */
function checkLoop(start: string, cos: readonly OdpCosOptions[], pmr: readonly PmrOptions[]): void {
  for (const name of [start, ...reached(start, pmr)]) {
    if (cos.find((one) => one.name === name)!.action !== "loop") continue;
    throw new RangeError(
      `Cannot configure odp: class ${name} sends what came from the loop interface into it again`,
    );
  }
}
