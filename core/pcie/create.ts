/** Makes a fabric of any fidelity from a profile. */
import { CoarseFabric } from "./coarse.ts";
import type { Fabric, FabricProfile, Fidelity } from "./fabric.ts";
import { LinkFabric } from "./link/fabric.ts";
import { TlpFabric } from "./tlp.ts";
import type { Clock } from "../time/clock.ts";

/**
 * A fabric for up to `maxDevices` devices; `reset` prepares it for a run.
 * @throws {RangeError} when the fidelity is none, or a rate or delay of the profile is out of range
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Clock, createFabric } from "@planecheck/planecheck/core";
 *
 * const clock = new Clock();
 * const fabric = createFabric("tlp", clock, {
 *   deviceLinkGbps: 57.88, hostLinkGbps: 115.76,
 *   writeOverheadBytes: 24, readOverheadBytes: 24, completionOverheadBytes: 20, rcbBytes: 64,
 *   switchPs: 150_000, hostWritePs: 100_000, hostReadPs: 400_000,
 *   deviceWritePs: 100_000, deviceReadPs: 250_000, updateFcPs: 30_000, windowPs: 1_000_000,
 * }, 8);
 * fabric.reset(2, { headerCredits: 1, dataCredits: 16, mps: 256, mrrs: 512 });
 * let landed = 0;
 * fabric.write(1, 2, 1518, clock.register(() => landed++), 0);
 * clock.run({ horizonPs: 1e9, events: 1000 });
 * assertEquals(landed, 1);
 * assertEquals(fabric.links()[2]!.tlps, [6, 0, 0]);
 * ```
 */
export function createFabric(
  fidelity: Fidelity,
  clock: Clock,
  profile: FabricProfile,
  maxDevices: number,
): Fabric {
  if (fidelity === "coarse") return new CoarseFabric(clock, profile, maxDevices);
  if (fidelity === "tlp") return new TlpFabric(clock, profile, maxDevices);
  if (fidelity === "link") return new LinkFabric(clock, profile, maxDevices);
  throw new RangeError(
    `Cannot make a fabric: fidelity is ${fidelity}, not "coarse", "tlp" or "link"`,
  );
}
