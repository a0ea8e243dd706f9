/**
 * Geometries: small, so that rings wrap, buffers run out and credits stall within a few packets. In
 * a third of the runs with TLPs the credits are the smallest legal ones, where a lossless fabric is
 * hardest to build.
 */
import type { Random } from "fast-check";
import type { Geometry } from "../../core/machine/device.ts";
import { oneIn, pick } from "./_pick.ts";

const RINGS = [8, 8, 16, 32, 64];
const LONG_RINGS = [64, 64, 128];
const INGRESS = [1, 2, 3, 4, 8, 16, 64];
const SPARE = [1, 2, 8, 64];
const CACHES = [0, 0, 1, 4, 16];
const SLOTS = [1, 2, 4, 8, 8, 16, 32];

/** A geometry; what `fixed` gives is taken from there. */
export function drawGeometry(random: Random, fixed: Partial<Geometry>): Geometry {
  const mps = fixed.mps ?? pick(random, [128, 256]);
  const least = oneIn(random, 3);
  const drawn: Geometry = {
    ports: random.nextInt(2, 4),
    lcores: random.nextInt(1, 2),
    rxRing: pick(random, RINGS),
    txRing: pick(random, RINGS),
    ingress: oneIn(random, 3) ? random.nextInt(1, 64) : pick(random, INGRESS),
    spareBuffers: oneIn(random, 3) ? random.nextInt(1, 64) : pick(random, SPARE),
    poolCache: pick(random, CACHES),
    peerSlots: pick(random, SLOTS),
    fidelity: random.nextInt(1, 8) <= 5 ? "tlp" : "coarse",
    headerCredits: least ? 1 : random.nextInt(1, 64),
    dataCredits: least ? mps / 16 : random.nextInt(mps / 16, 512),
    mps,
  };
  return { ...drawn, ...fixed };
}

/** The geometry with rings that hold full bursts, and without TLPs, which would make it slow. */
export function saturatedGeometry(
  random: Random,
  drawn: Geometry,
  fixed: Partial<Geometry>,
): Geometry {
  return {
    ...drawn,
    rxRing: pick(random, LONG_RINGS),
    txRing: pick(random, LONG_RINGS),
    ingress: 64,
    spareBuffers: 64,
    fidelity: "coarse",
    ...fixed,
  };
}

/** Whether the credits are the smallest legal ones: one header, one payload of the maximal size. */
export function hasLeastCredits(geometry: Geometry): boolean {
  return geometry.fidelity === "tlp" && geometry.headerCredits === 1 &&
    geometry.dataCredits === geometry.mps / 16;
}
