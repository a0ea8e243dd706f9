import {
  exploreInterleavings,
  type Interleavings,
  type SteppedSystem,
} from "../../core/ring/interleave.ts";
import { addressText } from "./ipv4.ts";
import { makeStores, type OwnWord, type Recording, type Recordings, type Told } from "./updates.ts";
import type { Store } from "./watched.ts";

const WRITER = 0;
const READER = 1;

/**
 * A writer that makes updates and a reader that looks one address up, stepped one access to shared
 * memory at a time.
 *
 * An update is done by the table itself, at once, when the writer begins it, with what the reader
 * has told by then; what it stored is taken back and made again store by store, as the writer's
 * steps. Stores to words that no look-up of the address reads are made together with the next one
 * that is: no reader can tell. The look-ups are the reader's own code (`WatchedMemory.step`); an
 * access to what no update stores is made together with the one before.
 *
 * A look-up has to answer what the table says, by a scan of its routes, at some moment from its
 * first access to its last.
 */
export class UnderReader {
  /** Words that look-ups are known to read. */
  readonly visible: Set<number>;
  private readonly own: OwnWord[];
  // The state. Beside it stands the memory of `at`.
  private at: Recording;
  private begun = 0;
  private ended = 0;
  private history: Told[][] = [];
  private operation = 0;
  private since = 0;
  private seen: number[] = [];
  private wrong: number[] = [];
  /** What the last step was. */
  private text = "";

  /**
   * Both at their start. The reader makes `looks` look-ups, and reports a quiescent state between
   * them if it reports any.
   */
  constructor(
    private readonly recordings: Recordings,
    private readonly address: number,
    private readonly looks: number,
    visible: Iterable<number>,
  ) {
    this.visible = new Set(visible);
    this.own = recordings.own;
    this.at = recordings.start;
  }

  /** Whether the actor has a step left. */
  runnable(actor: number): boolean {
    if (this.wrong.length > 0) return false;
    if (actor === READER) return this.operation < 2 * this.looks - 1;
    return this.ended < this.recordings.updates.length;
  }

  /** Makes the actor's next step. */
  step(actor: number): void {
    if (actor === WRITER) this.write();
    else this.read();
  }

  /** A copy of the whole state. */
  save(): Int32Array {
    const { begun, ended, operation, since, history, seen, wrong, own } = this;
    return Int32Array.of(
      ...[begun, ended, this.at.made, operation, since, seen.length, wrong.length],
      ...seen,
      ...wrong,
      ...own.map(({ word }) => this.at.watched.memory.wordAt(word)),
      ...history.flatMap((told) => told.map(({ value }) => value)),
      ...history.map((told) => told.length),
    );
  }

  /** Takes a saved state back. */
  restore(state: Int32Array): void {
    const [begun, ended, made, operation, since, seen, wrong] = state;
    this.begun = begun!;
    this.ended = ended!;
    this.operation = operation!;
    this.since = since!;
    let at = 7;
    const take = (n: number): number[] => [...state.subarray(at, at += n)];
    this.seen = take(seen!);
    this.wrong = take(wrong!);
    const lengths = [...state.subarray(state.length - this.begun)];
    const values = lengths.reduce((sum, n) => sum + n, 0);
    const owned = take(state.length - this.begun - values - at);
    const telling = this.own.filter(({ tells }) => tells);
    this.history = this.begun === 0
      ? []
      : lengths.map((n) => take(n).map((value, i) => ({ word: telling[i]!.word, value })));
    this.move(this.recordings.after(this.history), made!);
    this.own.forEach(({ word, initial }, i) =>
      this.at.watched.memory.setWord(word, owned[i] ?? initial)
    );
  }

  /** What is wrong with the look-up that has just ended, if anything is. */
  check(): string | undefined {
    if (this.wrong.length === 0) return undefined;
    const [got, from, to] = this.wrong;
    const right = [...this.answers(from!, to!)].map(hop);
    const text = `lookup ${addressText(this.address)} answers ${hop(got!)}`;
    if (right.length === 1) return `${text}, the table says ${right[0]} all the while`;
    return `${text}, which it never was: the table says ${right.join(", then ")}`;
  }

  /** The steps of a schedule from a state, a line each. */
  describe(start: Int32Array, schedule: readonly number[]): string[] {
    this.restore(start);
    return schedule.map((actor) => {
      this.step(actor);
      return `${actor === WRITER ? "writer" : "reader"} ${this.text}`;
    });
  }

  private write(): void {
    if (this.begun === this.ended) {
      const { memory } = this.at.watched;
      const own = this.own.map((one) => ({ ...one, value: memory.wordAt(one.word) }));
      const told = own.filter(({ tells }) => tells).map(({ word, value }) => ({ word, value }));
      this.history = [...this.history, told];
      this.move(this.recordings.after(this.history), 0);
      for (const { word, value } of own) this.at.watched.memory.setWord(word, value);
      this.begun++;
      this.text = `begins ${this.at.text}`;
    } else {
      const store = this.nextVisible();
      this.move(this.at, store + 1);
      this.text = `stores ${storeText(this.at.stores[store]!)}`;
    }
    if (this.nextVisible() >= 0) return;
    this.move(this.at, this.at.stores.length);
    this.ended = this.begun;
    this.text += "; the update is over";
  }

  private read(): void {
    const { reader, memory } = this.at.watched;
    const isLookup = this.operation % 2 === 0;
    const operation = isLookup
      ? () => reader.lookup(this.address)
      : () => (reader.quiescent?.(), 0);
    if (this.seen.length === 0) this.since = this.ended;
    const { accesses, answer } = memory.step(
      operation,
      this.seen,
      ({ word, before, after }) => isLookup ? this.recordings.stored.has(word) : before !== after,
    );
    for (const { word, before, after } of accesses) {
      this.visible.add(word);
      if (before === after || this.own.some((own) => own.word === word)) continue;
      this.own.push({ word, initial: before, tells: !isLookup });
    }
    this.text = accesses.map(accessText).join(", ");
    if (answer === undefined) return;
    if (isLookup) {
      this.text += `: lookup answers ${hop(answer)}`;
      if (!this.answers(this.since, this.begun).has(answer)) {
        this.wrong = [answer, this.since, this.begun];
      }
    } else this.text += ": it is quiescent";
    this.operation++;
    this.seen = [];
    this.since = 0;
  }

  /** The next store that a look-up can see; -1 when there is none. */
  private nextVisible(): number {
    const { stores, made } = this.at;
    for (let i = made; i < stores.length; i++) if (this.visible.has(stores[i]!.word)) return i;
    return -1;
  }

  private answers(from: number, to: number): Set<number> {
    const tables = this.at.tables.slice(from, to + 1);
    return new Set(tables.map((routes) => routes.lookup(this.address)));
  }

  private move(to: Recording, made: number): void {
    // The table before its one update and after it are one.
    if (to !== this.at && to.watched === this.at.watched) makeStores(this.at, 0);
    this.at = to;
    makeStores(to, made);
  }
}

/** Words of the longest state: its parts' lengths, what the look-up has seen, own words, what was told. */
const STATE_WORDS = 256;

/** Writer and reader as what the explorer takes: a state of one length, first its true one, changed in place. */
class InPlace implements SteppedSystem {
  readonly actors = 2;
  readonly state = new Int32Array(STATE_WORDS);
  private readonly loaded = new Int32Array(STATE_WORDS);

  constructor(private readonly system: UnderReader) {
    this.save();
  }

  runnable(actor: number): boolean {
    this.load();
    return this.system.runnable(actor);
  }

  step(actor: number): void {
    this.load();
    this.system.step(actor);
    this.save();
  }

  check(): string | undefined {
    this.load();
    return this.system.check();
  }

  private load(): void {
    if (this.state.every((word, i) => word === this.loaded[i])) return;
    this.system.restore(this.state.slice(1, 1 + this.state[0]!));
    this.loaded.set(this.state);
  }

  private save(): void {
    const words = this.system.save();
    if (words.length >= STATE_WORDS) {
      throw new RangeError(`Cannot explore updates: a state has ${words.length} words`);
    }
    this.state.fill(0);
    this.state[0] = words.length;
    this.state.set(words, 1);
    this.loaded.set(this.state);
  }
}

/**
 * Explores every interleaving of the updates with `looks` look-ups of an address. `visible` are
 * words that these are known to read; what they read besides is added to it. Afterwards no store of
 * the last update is made.
 *
 * @throws {RangeError} when there are more than 100,000 states
 */
export function exploreUnderReader(
  recordings: Recordings,
  address: number,
  looks: number,
  visible: Set<number>,
): Interleavings & { readonly steps: readonly string[] } {
  for (;;) {
    const known = visible.size + recordings.stored.size;
    const system = new UnderReader(recordings, address, looks, visible);
    const start = system.save();
    const stepped = new InPlace(system);
    const seen = exploreInterleavings(stepped, () => stepped.check(), 100_000);
    for (const word of system.visible) visible.add(word);
    const { failure } = seen;
    const isSettled = visible.size + recordings.stored.size === known;
    const steps = failure && isSettled ? system.describe(start, failure.schedule) : [];
    system.restore(start);
    // Else a look-up went where none was known to go, or a store did: these are now told apart.
    if (isSettled) return { ...seen, steps };
  }
}

function hop(nextHop: number): string {
  return nextHop === -1 ? "miss" : `next hop ${nextHop}`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

function accessText(at: Store): string {
  if (at.before !== at.after) return `stores ${storeText(at)}`;
  return `reads ${at.name}[${at.index}], ${hex(at.before)}`;
}

function storeText({ name, index, before, after }: Store): string {
  return `${name}[${index}], ${hex(before)}, becomes ${hex(after)}`;
}
