/**
 * The events that wait, in order of time and, within an instant, of a number given with each: a calendar queue
 * (Brown, "Calendar queues: a fast O(1) priority queue implementation", CACM 31, 1988) of one year.
 *
 * The near future, one year of 1,024 days from the week of the present instant, lies in a list for each day, kept
 * in order; a word of bits for each week of 32 days says which days have any, and one word which weeks, so that the
 * next one is found in constant time. A day is shorter than most events are apart on a busy machine, and the year
 * longer than a packet takes through one, so lists are short and few events lie further ahead. Those wait in a heap
 * and move over as the year goes on.
 *
 * `push` looks at the end of its day first: O(1) in order, O(events of that day) otherwise, O(log n) beyond the
 * year. `take` takes constant time and the moves that a new week brings. Entries are numbers; arrays double when full.
 */

const DAYS = 1024;
const WEEKS = DAYS >> 5;
/** A day has 1,024 picoseconds. */
const DAYS_PER_PS = 1 / 1024;
const WEEK_PS = 32 * 1024;
const YEAR_PS = WEEKS * WEEK_PS;

/** Events by time and order. */
export class Calendar {
  /** Time and order of each entry, side by side. */
  #keys: Float64Array = new Float64Array(0);
  /** Next entry of its day, handler and argument of each entry, in fours. */
  #data: Int32Array = new Int32Array(0);
  #free = -1;
  #used = 0;
  /** First and last entry of each day; the last means nothing where the first is -1. */
  readonly #days = new Int32Array(DAYS * 2).fill(-1);
  /** A bit for each day with events, and one for each week of these. */
  readonly #busy = new Int32Array(WEEKS);
  #busyWeeks = 0;
  /** The present week, and the end of the year that begins with it. */
  #week = 0;
  #endPs = YEAR_PS;
  /** Entries beyond the year: a 4-ary heap, and the time of its first. */
  #heap: Int32Array = new Int32Array(0);
  #far = 0;
  #farPs = Infinity;

  /** @param capacity events that it holds before it has to grow */
  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity * 2);
    this.#data = new Int32Array(capacity * 4);
    this.#heap = new Int32Array(capacity);
  }

  /** Whether no event waits. */
  get isEmpty(): boolean {
    return this.#busyWeeks === 0 && this.#far === 0;
  }

  /** Time of an entry. */
  timeOf(entry: number): number {
    return this.#keys[entry << 1]!;
  }

  /** Its place among those of its instant. */
  orderOf(entry: number): number {
    return this.#keys[entry << 1 | 1]!;
  }

  /** Its handler. */
  handlerOf(entry: number): number {
    return this.#data[entry << 2 | 1]!;
  }

  /** Its argument. */
  argOf(entry: number): number {
    return this.#data[entry << 2 | 2]!;
  }

  /** Adds an event, which is not before the one that was taken last. */
  push(ps: number, order: number, handler: number, arg: number): void {
    let entry = this.#free;
    if (entry < 0) entry = this.#fresh();
    const keys = this.#keys;
    const data = this.#data;
    this.#free = data[entry << 2]!;
    keys[entry << 1] = ps;
    keys[entry << 1 | 1] = order;
    data[entry << 2] = -1;
    data[entry << 2 | 1] = handler;
    data[entry << 2 | 2] = arg;
    this.#enter(entry);
  }

  /** The earliest entry, or -1; it stays. */
  peek(): number {
    if (this.#busyWeeks !== 0) return this.#days[this.#nextDay() << 1]!;
    return this.#far > 0 ? this.#heap[0]! : -1;
  }

  /** Takes the earliest entry out if its time is at most `lastPs`, else answers -1; it can be read until the next push. */
  take(lastPs: number): number {
    if (this.#busyWeeks === 0) {
      if (this.#far === 0 || this.#farPs > lastPs) return -1;
      this.#begin(this.#farPs);
    }
    const day = this.#nextDay();
    const entry = this.#days[day << 1]!;
    const ps = this.#keys[entry << 1]!;
    if (ps > lastPs) return -1;
    if (day >> 5 !== this.#week) this.#goOn(day >> 5);
    const next = this.#data[entry << 2]!;
    this.#days[day << 1] = next;
    if (next < 0) this.#close(day);
    this.#data[entry << 2] = this.#free;
    this.#free = entry;
    return entry;
  }

  /** Whether another event has the time of the first. */
  get tied(): boolean {
    if (this.#busyWeeks === 0) {
      if (this.#far < 2) return false;
      this.#begin(this.#farPs);
    }
    const entry = this.#days[this.#nextDay() << 1]!;
    const next = this.#data[entry << 2]!;
    return next >= 0 && this.#keys[next << 1] === this.#keys[entry << 1];
  }

  /** Empty, at time 0. */
  reset(): void {
    this.#free = -1;
    this.#used = 0;
    this.#days.fill(-1);
    this.#busy.fill(0);
    this.#busyWeeks = 0;
    this.#week = 0;
    this.#endPs = YEAR_PS;
    this.#far = 0;
    this.#farPs = Infinity;
  }

  /** Puts an entry into the list of its day, or into the heap. */
  #enter(entry: number): void {
    const ps = this.#keys[entry << 1]!;
    if (ps >= this.#endPs) return this.#putOff(entry);
    const day = (ps * DAYS_PER_PS) & (DAYS - 1);
    const days = this.#days;
    if (days[day << 1]! >= 0) return this.#join(entry, day);
    days[day << 1] = days[day << 1 | 1] = entry;
    this.#busy[day >> 5]! |= 1 << (day & 31);
    this.#busyWeeks |= 1 << (day >> 5);
  }

  /** Puts an entry among others of its day. */
  #join(entry: number, day: number): void {
    const data = this.#data;
    const days = this.#days;
    const last = days[day << 1 | 1]!;
    if (this.#before(last, entry)) {
      data[last << 2] = entry;
      days[day << 1 | 1] = entry;
      return;
    }
    const first = days[day << 1]!;
    if (this.#before(entry, first)) {
      data[entry << 2] = first;
      days[day << 1] = entry;
      return;
    }
    let at = first;
    for (;;) {
      const next = data[at << 2]!;
      if (this.#before(entry, next)) break;
      at = next;
    }
    data[entry << 2] = data[at << 2]!;
    data[at << 2] = entry;
  }

  #close(day: number): void {
    const left = this.#busy[day >> 5]! & ~(1 << (day & 31));
    this.#busy[day >> 5] = left;
    if (left === 0) this.#busyWeeks &= ~(1 << (day >> 5));
  }

  /** The first day that has events; there is one, and none lies before the present one in its week. */
  #nextDay(): number {
    const week = this.#week;
    const here = this.#busy[week]!;
    if (here !== 0) return (week << 5) + lowest(here);
    // later weeks, then round the end of the year to the earlier ones
    const later = this.#busyWeeks & (-2 << week);
    const other = lowest(later !== 0 ? later : this.#busyWeeks);
    return (other << 5) + lowest(this.#busy[other]!);
  }

  /** Goes on to the week of `ps`, to which no event is before; there are none but far ones. */
  #begin(ps: number): void {
    const week = Math.floor(ps / WEEK_PS);
    this.#endPs = week * WEEK_PS + YEAR_PS;
    this.#week = week % WEEKS;
    if (this.#farPs < this.#endPs) this.#bringNear();
  }

  /** Goes on to a week of this year. */
  #goOn(week: number): void {
    this.#endPs += ((week - this.#week) & (WEEKS - 1)) * WEEK_PS;
    this.#week = week;
    if (this.#farPs < this.#endPs) this.#bringNear();
  }

  /** Moves what lies in the year by now to its days. */
  #bringNear(): void {
    while (this.#farPs < this.#endPs) this.#enter(this.#takeFar());
  }

  #before(a: number, b: number): boolean {
    const keys = this.#keys;
    const one = keys[a << 1]!;
    const other = keys[b << 1]!;
    return one < other || (one === other && keys[a << 1 | 1]! < keys[b << 1 | 1]!);
  }

  #putOff(entry: number): void {
    const heap = this.#heap;
    let hole = this.#far++;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      if (this.#before(heap[parent]!, entry)) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = entry;
    this.#farPs = this.#keys[heap[0]! << 1]!;
  }

  #takeFar(): number {
    const heap = this.#heap;
    const top = heap[0]!;
    const end = --this.#far;
    const last = heap[end]!;
    let hole = 0;
    for (let first = 1; first < end; first = hole * 4 + 1) {
      let least = first;
      for (let child = first + 1; child < first + 4 && child < end; child++) {
        if (this.#before(heap[child]!, heap[least]!)) least = child;
      }
      if (this.#before(last, heap[least]!)) break;
      heap[hole] = heap[least]!;
      hole = least;
    }
    heap[hole] = last;
    this.#farPs = end === 0 ? Infinity : this.#keys[heap[0]! << 1]!;
    return top;
  }

  /** An entry that was never used since the reset. */
  #fresh(): number {
    if (this.#used * 2 === this.#keys.length) this.#grow();
    const entry = this.#used++;
    this.#data[entry << 2] = -1;
    return entry;
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    const data = new Int32Array(this.#data.length * 2);
    const heap = new Int32Array(this.#heap.length * 2);
    keys.set(this.#keys);
    data.set(this.#data);
    heap.set(this.#heap);
    this.#keys = keys;
    this.#data = data;
    this.#heap = heap;
  }
}

/** Number of the lowest bit that is set. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
