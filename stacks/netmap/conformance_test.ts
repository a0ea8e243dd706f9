// Aim: the router on netmap rings keeps every law: as it is; with rings whose slots are not the descriptors of the same
// number, by an application that moves few packets at a time; on a driver that knows nothing of netmap. pkt-gen is judged as a sink.
import { conformance } from "../../properties/mod.ts";
import { netmap, pktGen } from "./mod.ts";

conformance("netmap", netmap(), { numRuns: 300 });
conformance("netmap after a reset", netmap({ hwofs: 5, burst: 3 }), { numRuns: 150 });
conformance("netmap emulated", netmap({ admode: 2 }), { numRuns: 150 });
conformance("netmap pkt-gen -f rx", pktGen({ rx: "netmap:eth0" }), {
  numRuns: 60,
  geometry: { ports: 1, lcores: 1 },
});
