import type { Prefix, Table4 } from "./ipv4.ts";
import type { FibKit, FibLawOf } from "./law.ts";
import type { FibScenario } from "./scenario.ts";
import { exploreUnderReader } from "./under_reader.ts";
import { makeStores, Recordings } from "./updates.ts";
import { WatchedMemory } from "./watched.ts";

/** The laws about who looks up while the table changes. */
export const readerLaws: readonly FibLawOf<number, Prefix>[] = [
  {
    id: "LPM-12",
    statement:
      "a look-up under an update answers what it answered before or what it answers afterwards",
    clause: "DPDK Programmer's Guide, LPM Library: RCU; every interleaving of one with one",
    needs: "reader",
    judged: "drawn",
    cost: 4,
    check: checkUnderReader,
  },
];

function checkUnderReader(kit: FibKit<number, Prefix>, scenario: FibScenario): void {
  const rig = kit.open(scenario.geometry);
  const memory = new WatchedMemory();
  const reader = (rig.fib as Table4).read!(memory.watch);
  for (const step of scenario.steps) {
    const watched = { fib: rig.fib, reader, memory, routes: rig.model };
    const update = (): string => {
      rig.step(scenario, step);
      return rig.lastDone();
    };
    // What the reader could still hold is no matter of one update.
    memory.wordsOf(() => reader.quiescent?.());
    const recordings = new Recordings(() => watched, [update]);
    const recording = recordings.after([[]]);
    if (recording.stores.length === 0) continue;
    for (const address of [...rig.probes(), ...scenario.bases]) {
      // Whose look-up reads no word that is stored cannot see the update at all.
      const words = memory.wordsOf(() => reader.lookup(address));
      if (!words.values().some((word) => recordings.stored.has(word))) continue;
      const { failure, steps } = exploreUnderReader(recordings, address, 1, words);
      if (failure !== undefined) rig.fail([failure.message, ...steps].join("\n    "));
      // An update that no look-up meets proves nothing.
      kit.operations++;
    }
    makeStores(recording, recording.stores.length);
  }
}
