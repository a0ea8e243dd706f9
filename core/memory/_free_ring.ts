/** The common pool of a mempool: a ring of its free buffers, first given back, first taken. */
export class FreeRing {
  /** Buffers in it. */
  count = 0;
  /** Times that buffers were taken or given, however many. */
  operations = 0;
  #slots: Int32Array = new Int32Array(0);
  #size = 0;
  #head = 0;

  /** As new: the `size` buffers from `first` on, in order, and room for no more. */
  fill(first: number, size: number): void {
    if (this.#slots.length < size) this.#slots = new Int32Array(size);
    for (let i = 0; i < size; i++) this.#slots[i] = first + i;
    this.#size = size;
    this.#head = 0;
    this.count = size;
    this.operations = 0;
  }

  /** Moves `n` buffers, which it has, to `out[at..]`, in order. */
  take(out: Int32Array, at: number, n: number): void {
    const slots = this.#slots;
    const size = this.#size;
    let head = this.#head;
    for (let i = at; i < at + n; i++) {
      out[i] = slots[head]!;
      head = head + 1 === size ? 0 : head + 1;
    }
    this.#head = head;
    this.count -= n;
    this.operations++;
  }

  /** Moves `n` buffers here from `buffers[at..]`, in order; there is room, since they are its own. */
  give(buffers: Int32Array, at: number, n: number): void {
    const slots = this.#slots;
    const size = this.#size;
    let tail = this.#head + this.count;
    if (tail >= size) tail -= size;
    for (let i = at; i < at + n; i++) {
      slots[tail] = buffers[i]!;
      tail = tail + 1 === size ? 0 : tail + 1;
    }
    this.count += n;
    this.operations++;
  }
}
