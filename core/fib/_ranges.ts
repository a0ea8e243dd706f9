/**
 * The addresses of one block as runs of equal answers: what DXR stores as it stands, and what
 * Poptrie makes its nodes from. Run i begins at `starts[i]`, an offset into the block; `starts[0]`
 * is 0, neighbours differ in their next hop, -1 is a miss. n rules make at most 2n + 1 runs.
 *
 * Whoever calls `begin`, then `rule` for each rule in ascending (prefix, depth), then `end`, owns
 * the runs until the next `begin`. The arrays are scratch, made larger by doubling.
 */
export class Ranges {
  /** Offset at which each run begins. */
  starts: Uint32Array = new Uint32Array(64);
  /** Next hop of each run, or -1. */
  hops: Int32Array = new Int32Array(64);
  /** How many runs there are. */
  count = 0;
  /** The rules that are open at the sweep, outermost first: where each ends, what it answers. */
  private readonly endings = new Float64Array(34);
  private readonly answers = new Int32Array(34);
  private open = 0;

  /** Starts a block that nothing but `hop` covers. */
  begin(hop: number): void {
    this.starts[0] = 0;
    this.hops[0] = hop;
    this.count = 1;
    this.endings[0] = Infinity;
    this.answers[0] = hop;
    this.open = 1;
  }

  /** Lays a rule over the runs so far: `size` addresses from `start` on. */
  rule(start: number, size: number, hop: number): void {
    this.closeUpTo(start);
    this.emit(start, hop);
    this.endings[this.open] = start + size;
    this.answers[this.open] = hop;
    this.open++;
  }

  /** Closes the block of `size` addresses. */
  end(size: number): void {
    this.closeUpTo(size - 1);
  }

  /** Ends the open rules that end at `offset` or before: what lay beneath answers again. */
  private closeUpTo(offset: number): void {
    while (this.endings[this.open - 1]! <= offset) {
      this.open--;
      this.emit(this.endings[this.open]!, this.answers[this.open - 1]!);
    }
  }

  /** A run begins; where two begin at one offset the later stands, and equal neighbours are one. */
  private emit(start: number, hop: number): void {
    let n = this.count;
    if (this.starts[n - 1] === start) n--;
    if (n === 0 || this.hops[n - 1] !== hop) {
      if (n === this.starts.length) this.grow();
      this.starts[n] = start;
      this.hops[n] = hop;
      n++;
    }
    this.count = n;
  }

  private grow(): void {
    const starts = new Uint32Array(2 * this.starts.length);
    const hops = new Int32Array(2 * this.hops.length);
    starts.set(this.starts);
    hops.set(this.hops);
    this.starts = starts;
    this.hops = hops;
  }
}
