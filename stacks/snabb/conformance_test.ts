// Aim: the app network that routes keeps every law and every invariant of Snabb's own, also where links hold three
// packets, where processes pass packets on, where it is reconfigured all the time, and where it is cold and pauses.
import { conformance } from "../../properties/mod.ts";
import { snabb, SNABB_APPS, snabbDesigns, type SnabbModules } from "./mod.ts";

conformance("snabb", snabb(), { numRuns: 200 });
conformance("snabb with links of three packets", snabb({ linkRingSize: 4 }), { numRuns: 60 });
conformance("snabb relay", snabb({ design: snabbDesigns.relay, chunkSize: 4 }), {
  numRuns: 60,
  geometry: { lcores: 2 },
});

/** Every 3 us something beside the path of packets comes or goes. */
function restless(process: SnabbModules): void {
  snabbDesigns.router(process);
  const { config, engine, timer } = process;
  const plain = engine.configuration;
  const more = { apps: new Map(plain.apps), links: new Set(plain.links) };
  config.app(more, "join", SNABB_APPS.Join!);
  config.app(more, "sink", SNABB_APPS.Sink!);
  config.link(more, "join.output -> sink.input");
  let turn = 0;
  const change = () => engine.configure(++turn % 2 === 1 ? more : plain);
  timer.activate(timer.new("restless", change, 3, "repeating"));
}

conformance("snabb reconfigured", snabb({ design: restless, linkRingSize: 64 }), { numRuns: 60 });
conformance("snabb cold, with pauses", snabb({ jit: "cold", gcEveryBreaths: 7, gcPauseUs: 9 }), {
  numRuns: 50,
});
