// Aim: the app network that routes keeps every law.
import { conformance } from "../../properties/mod.ts";
import { snabb } from "./mod.ts";

conformance("snabb", snabb(), { numRuns: 250 });
conformance("snabb with links of three packets", snabb({ linkRingSize: 4 }), { numRuns: 100 });
