/**
 * The events that wait, in order of time and, within an instant, of a number given with each: a calendar queue
 * (Brown, "Calendar queues: a fast O(1) priority queue implementation", CACM 31, 1988) of one year.
 *
 * The near future, one year of 1,024 days from the day of the present instant, lies in a list for each day, kept
 * in order; two levels of bits say which days have any, so that the next one is found in constant time. A day is
 * shorter than most events are apart on a busy machine, and the year longer than a packet takes through one, so
 * lists are short and few events lie further ahead. Those wait in a heap and move over as the year goes on.
 *
 * `push` looks at the end of its day first: O(1) in order, O(events of that day) otherwise, O(log n) beyond the
 * year. `pop` takes constant time and the moves that the day brings. Entries are numbers; arrays double when full.
 */

const DAYS = 1024;
/** A day has 2^DAY_SHIFT picoseconds. */
const DAY_SHIFT = 10;
const YEAR_PS = DAYS << DAY_SHIFT;

/** Events by time and order. */
export class Calendar {
  /** Time and order of each entry, side by side. */
  #keys: Float64Array;
  /** Next entry of its day, handler and argument of each entry, in fours. */
  #data: Int32Array;
  #free = -1;
  #used = 0;
  readonly #first = new Int32Array(DAYS).fill(-1);
  readonly #last = new Int32Array(DAYS).fill(-1);
  /** A bit for each day with events, and one for each word of these that is not 0. */
  readonly #busy = new Int32Array(DAYS >> 5);
  #busyWords = 0;
  /** Events in days. */
  #near = 0;
  /** The present day and when it begins. */
  #today = 0;
  #todayPs = 0;
  /** Entries beyond the year: a 4-ary heap, and the time of its first. */
  #heap: Int32Array;
  #far = 0;
  #farPs = Infinity;

  /** @param capacity events that it holds before it has to grow */
  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity * 2);
    this.#data = new Int32Array(capacity * 4);
    this.#heap = new Int32Array(capacity);
  }

  /** Events that wait. */
  get count(): number {
    return this.#near + this.#far;
  }

  /** Time of an entry. */
  timeOf(entry: number): number {
    return this.#keys[entry * 2]!;
  }

  /** Its place among those of its instant. */
  orderOf(entry: number): number {
    return this.#keys[entry * 2 + 1]!;
  }

  /** Its handler. */
  handlerOf(entry: number): number {
    return this.#data[entry * 4 + 1]!;
  }

  /** Its argument. */
  argOf(entry: number): number {
    return this.#data[entry * 4 + 2]!;
  }

  /** Adds an event, which is not before the one that was popped last. */
  push(ps: number, order: number, handler: number, arg: number): void {
    let entry = this.#free;
    if (entry >= 0) this.#free = this.#data[entry * 4]!;
    else {
      if (this.#used * 2 === this.#keys.length) this.#grow();
      entry = this.#used++;
    }
    const keys = this.#keys;
    const data = this.#data;
    keys[entry * 2] = ps;
    keys[entry * 2 + 1] = order;
    data[entry * 4] = -1;
    data[entry * 4 + 1] = handler;
    data[entry * 4 + 2] = arg;
    const ahead = ps - this.#todayPs;
    if (ahead < YEAR_PS) this.#enter(entry, (this.#today + (ahead >> DAY_SHIFT)) & (DAYS - 1));
    else this.#putOff(entry);
  }

  /** The earliest entry, or -1; it stays. */
  peek(): number {
    if (this.#near > 0) return this.#first[this.#nextDay()]!;
    return this.#far > 0 ? this.#heap[0]! : -1;
  }

  /** Takes an entry out that `peek` has just answered; it can be read until the next push. */
  pop(entry: number): void {
    const ps = this.#keys[entry * 2]!;
    // without near events the year begins anew with the day of the first, so that what comes with it is in order
    if (this.#near === 0) this.#goTo(ps);
    else if (ps - this.#todayPs >= 1 << DAY_SHIFT) this.#turn((ps - this.#todayPs) >> DAY_SHIFT);
    const day = this.#today;
    const next = this.#data[entry * 4]!;
    this.#first[day] = next;
    if (next < 0) this.#close(day);
    this.#near--;
    this.#data[entry * 4] = this.#free;
    this.#free = entry;
  }

  /** Whether another event has the time of the first. */
  get tied(): boolean {
    if (this.count < 2) return false;
    if (this.#near === 0) this.#goTo(this.#farPs);
    const entry = this.#first[this.#nextDay()]!;
    const next = this.#data[entry * 4]!;
    return next >= 0 && this.#keys[next * 2] === this.#keys[entry * 2];
  }

  /** Empty, at time 0. */
  reset(): void {
    this.#near = 0;
    this.#free = -1;
    this.#used = 0;
    this.#first.fill(-1);
    this.#busy.fill(0);
    this.#busyWords = 0;
    this.#today = 0;
    this.#todayPs = 0;
    this.#far = 0;
    this.#farPs = Infinity;
  }

  /** Puts an entry into the list of a day. */
  #enter(entry: number, day: number): void {
    this.#near++;
    const first = this.#first[day]!;
    if (first < 0) {
      this.#first[day] = this.#last[day] = entry;
      this.#busy[day >> 5]! |= 1 << (day & 31);
      this.#busyWords |= 1 << (day >> 5);
      return;
    }
    const last = this.#last[day]!;
    if (this.#before(last, entry)) {
      this.#data[last * 4] = entry;
      this.#last[day] = entry;
    } else this.#enterBefore(entry, day);
  }

  /** The same before some of its day. */
  #enterBefore(entry: number, day: number): void {
    const data = this.#data;
    const first = this.#first[day]!;
    if (this.#before(entry, first)) {
      data[entry * 4] = first;
      this.#first[day] = entry;
      return;
    }
    let at = first;
    for (;;) {
      const next = data[at * 4]!;
      if (this.#before(entry, next)) break;
      at = next;
    }
    data[entry * 4] = data[at * 4]!;
    data[at * 4] = entry;
  }

  #close(day: number): void {
    const left = this.#busy[day >> 5]! & ~(1 << (day & 31));
    this.#busy[day >> 5] = left;
    if (left === 0) this.#busyWords &= ~(1 << (day >> 5));
  }

  /** The first day from today on that has events; there is one. */
  #nextDay(): number {
    const today = this.#today;
    if (this.#first[today]! >= 0) return today;
    const word = today >> 5;
    const here = this.#busy[word]! & (-1 << (today & 31));
    if (here !== 0) return (word << 5) + lowest(here);
    // later words, then round the end of the year to the earlier ones and what of this one lies before today
    const later = this.#busyWords & (-2 << word);
    const other = lowest(later !== 0 ? later : this.#busyWords);
    return (other << 5) + lowest(this.#busy[other]!);
  }

  /** Goes on by some days. */
  #turn(days: number): void {
    this.#today = (this.#today + days) & (DAYS - 1);
    this.#todayPs += days << DAY_SHIFT;
    if (this.#farPs < this.#todayPs + YEAR_PS) this.#moveOver();
  }

  /** Begins a year with the day of `ps`; no day has events. */
  #goTo(ps: number): void {
    this.#todayPs = ps - ps % (1 << DAY_SHIFT);
    this.#moveOver();
  }

  /** Moves what lies in this year by now from the heap to its days. */
  #moveOver(): void {
    const end = this.#todayPs + YEAR_PS;
    while (this.#farPs < end) {
      const ahead = this.#farPs - this.#todayPs;
      const entry = this.#takeFar();
      this.#data[entry * 4] = -1;
      this.#enter(entry, (this.#today + (ahead >> DAY_SHIFT)) & (DAYS - 1));
    }
  }

  #before(a: number, b: number): boolean {
    const keys = this.#keys;
    const one = keys[a * 2]!;
    const other = keys[b * 2]!;
    return one < other || (one === other && keys[a * 2 + 1]! < keys[b * 2 + 1]!);
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
    this.#farPs = this.#keys[heap[0]! * 2]!;
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
    this.#farPs = end === 0 ? Infinity : this.#keys[heap[0]! * 2]!;
    return top;
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
