// Aim: an ODP program keeps every law in each of its modes, judged by what it declares.
import { conformance } from "../../properties/mod.ts";
import { odp } from "./mod.ts";

conformance("odp", odp(), { numRuns: 300 });
conformance("odp direct", odp({ mode: "direct" }), { numRuns: 100 });
conformance("odp ordered", odp({ mode: "ordered" }), { numRuns: 150 });
conformance("odp parallel", odp({ mode: "parallel" }), { numRuns: 80 });
conformance("odp plain queue", odp({ mode: "queue", output: "queue" }), { numRuns: 60 });
conformance("odp l2fwd", odp({ app: "l2fwd", mode: "ordered" }), { numRuns: 60 });
