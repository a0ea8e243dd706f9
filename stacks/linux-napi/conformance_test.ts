// Aim: the kernel's path keeps every law, today's and the one that copies.
import { conformance } from "../../properties/mod.ts";
import { linuxNapi } from "./mod.ts";

conformance("linux-napi", linuxNapi());
conformance("linux-napi legacy", linuxNapi({ profile: "legacy" }), { numRuns: 500 });
