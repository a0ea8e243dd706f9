/** What a Traffic Manager system did, as bare facts for the checkers. */

/** Facts kept at most. */
const FACTS_MAX = 1 << 16;

/** A packet that came into a tm_queue, or left it. */
export interface TmFact {
  readonly isSent: boolean;
  readonly queue: number;
  readonly ps: number;
  readonly bytes: number;
}

/** A decision of WRED at a number of packets in the queue. */
export interface WredFact {
  readonly queue: number;
  readonly colour: number;
  readonly pkts: number;
  readonly isDropped: boolean;
}

/** The facts. */
export class TmLog {
  readonly facts: TmFact[] = [];
  readonly decisions: WredFact[] = [];
  truncated = false;

  arrived(queue: number, ps: number, bytes: number): void {
    this.#keep({ isSent: false, queue, ps, bytes });
  }

  sent(queue: number, ps: number, bytes: number): void {
    this.#keep({ isSent: true, queue, ps, bytes });
  }

  decided(queue: number, colour: number, pkts: number, isDropped: boolean): void {
    if (this.decisions.length < FACTS_MAX) this.decisions.push({ queue, colour, pkts, isDropped });
  }

  #keep(fact: TmFact): void {
    if (this.facts.length === FACTS_MAX) this.truncated = true;
    else this.facts.push(fact);
  }
}
