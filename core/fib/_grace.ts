/**
 * When memory that a writer has taken out of a table can be used again: quiescent-state-based
 * reclamation, as DPDK's RCU library does it (rte_rcu_qsbr) for rte_lpm.
 *
 * The writer counts what it takes out: after the store that makes a block unreachable it raises the
 * token and keeps the number beside the block. A reader says between two look-ups, when it holds
 * nothing, which token it has seen. Once every reader has said the block's number or a later one,
 * each look-up that could have met the block is over. A reader that stops saying so holds up reuse
 * for ever, and nothing else: neither side ever waits.
 *
 * All words are read and written by Atomics, so whatever a reader read before its report happens
 * before what a writer stores after it has seen the report (ECMA-262, "Memory Model"). A token is 32
 * bits and wraps; they are compared by their difference, which is right while fewer than 2^31 blocks
 * wait. 0 is no token: the word of a place that no reader has.
 */
export class GraceTokens {
  /** Places for readers. */
  readonly places: number;

  /** Tokens in `graceWords(places)` words, all 0 in a new table. */
  constructor(private readonly words: Int32Array) {
    this.places = words.length / LINE - 1;
  }

  /** Writer: raises the token; what was unreachable before may be reused when it has passed. */
  retire(): number {
    const token = (Atomics.load(this.words, TOKEN) + 1 | 0) || 1;
    Atomics.store(this.words, TOKEN, token);
    return token;
  }

  /** Writer: whether every reader has reported this token or a later one. O(places). */
  hasPassed(token: number): boolean {
    for (let at = LINE; at < this.words.length; at += LINE) {
      const seen = Atomics.load(this.words, at);
      if (seen !== 0 && ((seen - token) | 0) < 0) return false;
    }
    return true;
  }

  /** Reader: takes a place, from where its look-ups count; -1 when there is none. */
  join(): number {
    for (let place = 1; place <= this.places; place++) {
      const token = Atomics.load(this.words, TOKEN);
      if (Atomics.compareExchange(this.words, place * LINE, 0, token) === 0) return place;
    }
    return -1;
  }

  /** Reader: no look-up of mine is under way. */
  quiescent(place: number): void {
    const token = Atomics.load(this.words, TOKEN);
    // Nobody else writes this word; storing only what is new leaves its line with the writer.
    if (this.words[place * LINE] !== token) Atomics.store(this.words, place * LINE, token);
  }

  /** Reader: gives its place back. */
  leave(place: number): void {
    Atomics.store(this.words, place * LINE, 0);
  }

  /** Makes the words those of a new table. */
  reset(): void {
    this.words.fill(0);
    this.words[TOKEN] = 1;
  }
}

/** Words of the tokens of this many readers: each writes a cache line of its own. */
export function graceWords(places: number): number {
  return LINE * (1 + places);
}

const TOKEN = 0;
/** Words of a cache line of 64 bytes. */
const LINE = 16;
