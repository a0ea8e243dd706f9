/** What one law said over all runs of a property. */
import type { Fidelity } from "../../core/pcie/fabric.ts";
import type { ScenarioDraw } from "../arbitraries/draw.ts";
import type { Law, Verdict } from "../law.ts";

/** Why a law was not judged, and on how many runs. */
export interface NotJudged {
  /** A few words. */
  readonly why: string;
  /** Runs that were not judged for this reason. */
  readonly runs: number;
}

/** How many different reasons for not judging are kept apart; further ones are counted together. */
const WHYS_MAX = 16;

/** Counts of one law's verdicts. */
export class Tally {
  /** The law. */
  readonly law: Law;
  /** Runs that kept it. */
  kept = 0;
  /** Runs that broke it. */
  broken = 0;
  /** Number of the first run that broke it, from 1; 0 when none did. */
  first = 0;
  /** Runs on which it was judged, by the fidelity of the fabric. */
  readonly judgedIn: Record<Fidelity, number> = { coarse: 0, tlp: 0, link: 0 };
  /** Of the draws that broke it the one with the fewest packets, the first of these. */
  smallest: ScenarioDraw | null = null;
  /** What was said of that draw, and of which packets. */
  said: Extract<Verdict, { kind: "broken" }> | null = null;
  readonly #whys = new Map<string, number>();
  readonly #skipped: NotJudged[] = [];

  /** Starts to count the verdicts of a law. */
  constructor(law: Law) {
    this.law = law;
  }

  /** Runs on which it was judged. */
  get judged(): number {
    return this.kept + this.broken;
  }

  /** Counts one verdict; `draw` is what it was about, `run` the number of the run from 1. */
  add(verdict: Verdict, draw: ScenarioDraw, run: number = this.judged + 1): void {
    if (verdict.kind !== "not-judged") this.judgedIn[draw.geometry.fidelity]++;
    if (verdict.kind === "kept") {
      this.kept++;
    } else if (verdict.kind === "broken") {
      if (this.broken++ === 0) this.first = run;
      if (this.smallest === null || draw.packets.length < this.smallest.packets.length) {
        this.smallest = draw;
        this.said = verdict;
      }
    } else {
      const known = this.#whys.has(verdict.why) || this.#whys.size < WHYS_MAX;
      const why = known ? verdict.why : "other reasons";
      this.#whys.set(why, (this.#whys.get(why) ?? 0) + 1);
    }
  }

  /** Counts what is missing to `runs` runs as not judged for the reason `why`. */
  skip(why: string, runs: number): void {
    let seen = this.judged;
    for (const count of this.#whys.values()) seen += count;
    if (seen < runs) this.#skipped.push({ why, runs: runs - seen });
  }

  /** Why it was not judged, the most frequent reason first, what was skipped last. */
  notJudged(): NotJudged[] {
    const said = [...this.#whys].map(([why, runs]) => ({ why, runs }))
      .sort((a, b) => b.runs - a.runs || (a.why < b.why ? -1 : 1));
    return [...said, ...this.#skipped];
  }
}
