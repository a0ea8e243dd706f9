// Aim: the router on netmap rings keeps every law: as it is; with receive rings whose slots are not the descriptors of
// the same number; where an application moves few packets at a time; where poll sends only on demand.
import { conformance } from "../../properties/mod.ts";
import { netmap } from "./mod.ts";

conformance("netmap", netmap(), { numRuns: 300 });
conformance("netmap after a reset", netmap({ hwofs: 5, burst: 3 }), { numRuns: 150 });
