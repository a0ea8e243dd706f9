import { LawViolation } from "../part.ts";
import type { BurstRing, RingGeometry } from "./burst_ring.ts";
import type { RingScenario, RingStep, RingStepKind } from "./scenario.ts";

/** What a step did. */
export interface RingOutcome {
  /** The call. */
  readonly text: string;
  /** How many items it asked for. */
  readonly asked: number;
  /** How many the model moves. */
  readonly expected: number;
  /** How many the ring says that it moved. */
  readonly moved: number;
  /** The items that the model gives out. */
  readonly expectedItems: readonly number[];
  /** As many items as that, as the ring gave them. */
  readonly items: readonly number[];
  /** Whether something else of the caller's array was written, or an input was. */
  readonly stray: boolean;
}

/** Where nothing may be written. */
const UNTOUCHED = 0x7e57ab1e;

/**
 * A ring beside its model; whatever is done to one is done to the other, and written down. An item is
 * `words` numbers, all of them distinct; what counts items counts these together.
 */
export class RingRig {
  /** The words of the items that the ring ought to hold, oldest first. */
  readonly model: number[] = [];
  /** What was done, a line each. */
  readonly log: string[] = [];
  #id = 0;

  /** An empty ring beside an empty model. */
  constructor(readonly ring: BurstRing, readonly geometry: RingGeometry, readonly words = 1) {}

  /** How many items the model holds. */
  get count(): number {
    return this.model.length / this.words;
  }

  /** How many more the model takes. */
  get room(): number {
    return this.geometry.size - this.count;
  }

  /** The words of `n` items, which use all 32 bits: a bijection of the numbers 1, 2, 3, ... */
  fresh(n: number): number[] {
    return Array.from({ length: n * this.words }, () => Math.imul(++this.#id, 0x9e3779b1));
  }

  /** Does a drawn step, resolved against what is in. */
  step(scenario: RingScenario, step: RingStep): RingOutcome {
    const kind = scenario.kinds[step.kind % scenario.kinds.length]!;
    const into = kind.startsWith("enqueue") || kind.startsWith("reserve");
    const there = into ? this.room : this.count;
    const from = step.from === "none" ? 0 : step.from === "size" ? this.geometry.size : there;
    return this.run(kind, Math.max(0, from + step.by), step.quarters);
  }

  /** Does `kind` with `n` items; a ring without single calls gets bursts of one. */
  run(kind: RingStepKind, n: number, quarters = 4): RingOutcome {
    switch (kind) {
      case "enqueue":
        return this.#enqueueOne(this.fresh(1));
      case "dequeue":
        return this.#dequeueOne();
      case "enqueueBurst":
      case "enqueueBulk":
        return this.enqueue(kind, this.fresh(n));
      case "peek":
      case "peekBulk":
        return this.#peek(kind, n, quarters);
      case "reserve":
      case "reserveBulk":
        return this.#reserve(kind, n, quarters);
      default:
        return this.#dequeue(kind, n);
    }
  }

  /** Enqueues the items of the given words. */
  enqueue(kind: "enqueueBurst" | "enqueueBulk", items: readonly number[]): RingOutcome {
    const n = items.length / this.words;
    const array = Int32Array.of(UNTOUCHED, ...items, UNTOUCHED);
    const moved = this.#call(`${kind} ${n}`, () => this.ring[kind](array, 1, n));
    const expected = n <= this.room ? n : kind === "enqueueBulk" ? 0 : this.room;
    this.model.push(...items.slice(0, expected * this.words));
    const stray = array.join() !== [UNTOUCHED, ...items, UNTOUCHED].join();
    return this.#outcome(n, expected, moved, [], [], stray);
  }

  /** The ring is as the model, in count and contents; takes everything out. */
  drain(): void {
    for (let left = this.count + 1; left > 0; left--) {
      const { expected, moved, expectedItems, items } = this.#dequeue("dequeueBurst", left);
      if (moved !== expected) {
        this.fail(`drain: expected ${expected} items ${list(expectedItems)}, got ${moved}`);
      }
      if (items.join() !== expectedItems.join()) {
        this.fail(`drain: expected items ${list(expectedItems)}, got ${list(items)}`);
      }
      if (moved === 0) return;
    }
  }

  /** Empties both, by the ring's own reset. */
  reset(startIndex: number): void {
    this.#call(`reset ${startIndex}`, () => this.ring.reset!(startIndex));
    this.model.length = 0;
  }

  /** What is wrong with a step as a whole; empty when nothing is. */
  wrongWith({ expected, moved, expectedItems, items }: RingOutcome): string {
    if (moved !== expected) return `expected ${expected} items moved, got ${moved}`;
    if (items.join() !== expectedItems.join()) {
      return `expected items ${list(expectedItems)}, got ${list(items)}`;
    }
    return this.wrongCount();
  }

  /** What is wrong with the counts; empty when nothing is. */
  wrongCount(): string {
    const { count, free } = this.ring;
    if (count !== this.count) return `expected count ${this.count}, got ${count}`;
    if (free === undefined || free === this.room) return "";
    return `expected ${this.room} free, got ${free}: count and free make ${count + free}`;
  }

  /**
   * Ends the run.
   * @throws {LawViolation} with everything that was done so far
   */
  fail(what: string): never {
    const { size, exactSize, startIndex } = this.geometry;
    const lines = this.log.map((line, i) => `  ${String(i + 1).padStart(3)}. ${line}`);
    const of = this.words === 1 ? "" : ` of ${this.words} words each`;
    const kind = `${exactSize ? "exact size" : "size"} ${size}${of}, indices from ${startIndex}`;
    throw new LawViolation([`  ring: ${kind}`, ...lines, `  ${what}`].join("\n"));
  }

  #call<T>(text: string, run: () => T): T {
    this.log.push(text);
    const result = run();
    if (result !== undefined) this.log[this.log.length - 1] = `${text}: ${result}`;
    return result;
  }

  #outcome(
    asked: number,
    expected: number,
    moved: number,
    expectedItems: readonly number[],
    items: readonly number[],
    stray: boolean,
  ): RingOutcome {
    return { text: this.log.at(-1)!, asked, expected, moved, expectedItems, items, stray };
  }

  #enqueueOne(words: readonly number[]): RingOutcome {
    const item = words[0]!;
    if (this.words > 1 || this.ring.enqueue === undefined) {
      return this.enqueue("enqueueBurst", words);
    }
    const took = this.#call("enqueue", () => this.ring.enqueue!(item));
    const expected = this.room > 0 ? 1 : 0;
    if (expected > 0) this.model.push(item);
    return this.#outcome(1, expected, took === true ? 1 : took === false ? 0 : NaN, [], [], false);
  }

  #dequeueOne(): RingOutcome {
    if (this.words > 1 || this.ring.dequeue === undefined) return this.#dequeue("dequeueBurst", 1);
    const item = this.#call("dequeue", () => this.ring.dequeue!());
    const expected = this.model.splice(0, 1);
    const got = expected.length === 0 ? [] : [item];
    return this.#outcome(1, expected.length, item === -1 ? 0 : 1, expected, got, false);
  }

  #dequeue(kind: "dequeueBurst" | "dequeueBulk", n: number): RingOutcome {
    const out = new Int32Array(n * this.words + 1).fill(UNTOUCHED);
    const there = this.count;
    const moved = this.#call(`${kind} ${n}`, () => this.ring[kind](out, n));
    const expected = n <= there ? n : kind === "dequeueBulk" ? 0 : there;
    const items = this.model.splice(0, expected * this.words);
    return this.#outcome(n, expected, moved, items, ...split(out, items.length));
  }

  #peek(kind: "peek" | "peekBulk", n: number, quarters: number): RingOutcome {
    const out = new Int32Array(n * this.words + 1).fill(UNTOUCHED);
    const method = kind === "peek" ? "peekBurst" : kind;
    const peeked = this.#call(`${method} ${n}`, () => this.ring[method]!(out, n));
    const there = this.count;
    const expected = n <= there ? n : kind === "peekBulk" ? 0 : there;
    const items = this.model.slice(0, expected * this.words);
    const wrong = this.wrongCount();
    if (wrong) this.fail(`a peek takes nothing out: ${wrong}`);
    if (peeked !== expected) this.fail(`expected ${expected} peeked, got ${peeked}`);
    const taken = (expected * quarters) >> 2;
    this.#call(`release ${taken}`, () => this.ring.release!(taken));
    this.model.splice(0, taken * this.words);
    return this.#outcome(n, expected, peeked, items, ...split(out, items.length));
  }

  #reserve(kind: "reserve" | "reserveBulk", n: number, quarters: number): RingOutcome {
    const reserved = this.#call(`${kind} ${n}`, () => this.ring[kind]!(n));
    const expected = n <= this.room ? n : kind === "reserveBulk" ? 0 : this.room;
    const wrong = this.wrongCount();
    if (wrong) this.fail(`a reservation publishes nothing: ${wrong}`);
    if (reserved !== expected) this.fail(`expected ${expected} slots reserved, got ${reserved}`);
    const items = this.fresh(reserved);
    items.forEach((item, i) => this.ring.put!(i, item));
    const kept = (reserved * quarters) >> 2;
    this.#call(`commit ${kept} of ${reserved}`, () => this.ring.commit!(kept));
    this.model.push(...items.slice(0, kept * this.words));
    return this.#outcome(n, expected, reserved, [], [], false);
  }
}

/** The items of an array, and whether anything was written after them. */
function split(out: Int32Array, n: number): [items: number[], stray: boolean] {
  return [[...out.subarray(0, n)], out.subarray(n).some((word) => word !== UNTOUCHED)];
}

/** Items as text, told apart by their bits. */
export function list(items: readonly number[]): string {
  return `[${items.map((item) => "0x" + (item >>> 0).toString(16).padStart(8, "0")).join(", ")}]`;
}
