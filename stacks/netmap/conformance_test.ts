// Aim: the router on netmap rings keeps every law: as it is; with rings whose slots are not the descriptors of the same
// number, by an application that moves few packets at a time; on a driver that knows nothing of netmap.
import { conformance } from "../../properties/mod.ts";
import { netmap } from "./mod.ts";

conformance("netmap", netmap(), { numRuns: 300 });
conformance("netmap after a reset", netmap({ hwofs: 5, burst: 3 }), { numRuns: 150 });
conformance("netmap emulated", netmap({ admode: 2 }), { numRuns: 150 });
