/** Scenarios drawn at random: what is drawn, how it shrinks, and how it becomes bytes. */

export * from "./draw.ts";
export { drawRoutes, maskOf, probesOf, type RouteOptions } from "./routes.ts";
export { drawPackets, leastSize, type PacketOptions, SWARM, type SwarmClass } from "./packets.ts";
export { drawGapNs, drawRhythm, type Rhythm, wirePs } from "./arrivals.ts";
export { drawGeometry, hasLeastCredits } from "./geometry.ts";
export { drawDeviations, TIE_SITE } from "./deviations.ts";
export { FRAME_BYTES_MAX, neighbourMac, portMac, writeFrame } from "./frame.ts";
export { build } from "./build.ts";
export { isValid, simplerDraws } from "./simpler.ts";
export { minimise, type Minimised } from "./minimise.ts";
export { scenario, type ScenarioOptions } from "./scenario.ts";
