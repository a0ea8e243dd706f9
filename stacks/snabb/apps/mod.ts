/** Apps by the names that a design in text may use. */
import type { AppClass } from "../app.ts";
import { Join, Repeater, Sink, Source, Split, Tee, Truncate } from "./basic_apps.ts";
import { Flooding, Learning } from "./bridge.ts";
import { Intel } from "./intel_mp.ts";
import { Receiver, Transmitter } from "./interlink_apps.ts";
import { LoadGen } from "./loadgen.ts";
import { PcapFilter } from "./packet_filter.ts";
import { PcapReader, PcapWriter } from "./pcap.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { Router } from "./router.ts";
import { VhostUser } from "./vhost_user.ts";

/**
 * The apps that there are.
 *
 * @example
 * ```ts
 * import { SNABB_APPS, snabbConfig } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const design = snabbConfig.parse(
 *   `
 *   app nic0 Intel {"pciaddr": "0000:00:00.0"}
 *   app web PcapFilter {"filter": "tcp dst port 80"}
 *   app sink Sink
 *   link nic0.output -> web.input
 *   link web.output -> sink.input   # what is not for a web server ends here
 *   `,
 *   SNABB_APPS,
 * );
 * assertEquals([...design.apps.keys()], ["nic0", "web", "sink"]);
 * assertEquals(design.links.has("web.output -> sink.input"), true);
 * ```
 */
export const SNABB_APPS: { readonly [name: string]: AppClass } & {
  readonly Intel: AppClass;
  readonly Router: AppClass;
} = {
  ...{ Flooding, Intel, Join, Learning, LoadGen, PcapFilter, PcapReader, PcapWriter, RateLimiter },
  ...{ Receiver, Repeater, Router, Sink, Source, Split, Tee, Transmitter, Truncate, VhostUser },
};
