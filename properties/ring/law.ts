import { PartKit, type PartLaw } from "../part.ts";
import { type BurstRing, hasPart, type RingGeometry, type RingPart } from "./burst_ring.ts";
import { RingRig } from "./rig.ts";
import type { RingScenario, RingStart } from "./scenario.ts";

/** What a law is judged with: the ring's maker and what was declared about it. */
export class RingKit extends PartKit<RingRig> {
  /** What one law is judged with. */
  constructor(
    readonly make: (geometry: RingGeometry) => BurstRing,
    readonly exactSizes: boolean,
    seed: number,
    readonly without: readonly RingPart[],
    readonly elementWords: number,
  ) {
    super(seed);
  }

  /** A new ring beside an empty model. */
  open(geometry: RingGeometry): RingRig {
    this.rig = undefined;
    this.rig = new RingRig(this.make(geometry), geometry, this.elementWords);
    return this.rig;
  }

  /** Whether the part is there to be judged. */
  has(ring: BurstRing, part: RingPart): boolean {
    return hasPart(ring, part) && !this.without.includes(part);
  }

  /** The sizes that are tried one by one. */
  sizes(): number[] {
    return this.exactSizes ? [1, 2, 3, 4, 5, 7, 8, 9] : [1, 2, 4, 8];
  }
}

/** A law of rings, as data. */
export interface RingLaw extends PartLaw<RingKit, RingScenario> {
  /** One of these parts has to be there for the law to be judged. */
  readonly needs?: readonly RingPart[];
  /** Drawn scenarios with indices from 0 or from the wrap, or one fixed run. */
  readonly judged: RingStart | "once";
}
