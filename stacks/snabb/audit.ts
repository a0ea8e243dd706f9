/**
 * Snabb's invariants, and what an audit says of them once a run is quiet. What has to be watched while it happens is
 * watched by the checkers beside each part; here they are asked, and what can be seen at rest is looked at.
 */
import type { Finding } from "../../core/stack.ts";
import { Intel } from "./apps/intel_mp.ts";
import { auditPackets, groupSum, headroomOf } from "./audit_packets.ts";
import type { Machinery, SnabbProcess } from "./process.ts";

/** What an audit found, or null where the run said nothing about it. */
type Verdict = string | null | "nothing";

/** One finding for each invariant that the run had something to say about. */
export function auditOf(processes: readonly SnabbProcess[], machinery: Machinery): Finding[] {
  const findings: Finding[] = [];
  const say = (id: string, verdict: Verdict): void => {
    if (verdict !== "nothing") findings.push({ id: `SNABB-${id}`, broken: verdict });
  };
  say("1", auditPackets(processes, machinery));
  const each = (id: string, judge: (process: SnabbProcess) => Verdict): void =>
    say(id, firstOf(processes.map(judge)));
  each(
    "2",
    (p) =>
      ofLinks(p, ({ watch }) => watch === null || watch.judged === 0 ? "nothing" : watch.broken),
  );
  each("3", countsOf);
  each(
    "4",
    ({ engine: { orderWatch } }) =>
      orderWatch === null || orderWatch.judged === 0 ? "nothing" : orderWatch.broken,
  );
  each("5", pullsOf);
  const ofRings = (id: string, judge: (intel: Intel) => Verdict): void =>
    each(
      id,
      ({ engine }) =>
        firstOf(
          [...engine.apps.values()].map((app) => app instanceof Intel ? judge(app) : "nothing"),
        ),
    );
  ofRings("6", refillOf);
  ofRings("7", ({ watch }) => watch === null || watch.tails === 0 ? "nothing" : watch.brokenTail);
  ofRings("8", ({ watch }) => watch === null || watch.frees === 0 ? "nothing" : watch.brokenTx);
  each("9", sleepsOf);
  each(
    "10",
    ({ engine: { network: { watch } } }) =>
      watch === null || watch.judged === 0 ? "nothing" : watch.broken,
  );
  each("11", headroomOf);
  each("12", freeOf);
  say("13", groupSum(machinery));
  say("14", interlinksOf(machinery));
  each("15", queuesOf);
  each("16", commitsOf);
  each("17", pausesOf);
  return findings;
}

/** The first that is wrong; else whether any was judged. */
function firstOf(verdicts: readonly Verdict[]): Verdict {
  const wrong = verdicts.find((verdict) => verdict !== null && verdict !== "nothing");
  return wrong ?? (verdicts.includes(null) ? null : "nothing");
}

function ofLinks(
  process: SnabbProcess,
  judge: (link: Parameters<SnabbProcess["link"]["empty"]>[0]) => Verdict,
): Verdict {
  return firstOf([...process.engine.links.values()].map(judge));
}

function countsOf(process: SnabbProcess): Verdict {
  return ofLinks(process, (link) => {
    const { txpackets, rxpackets, watch } = link;
    const inside = process.link.nreadable(link);
    if (txpackets.value === 0) return "nothing";
    if (
      txpackets.value - rxpackets.value === inside && (watch === null || watch.occupancy === inside)
    ) return null;
    return `link ${link.name} counted ${txpackets.value} in and ${rxpackets.value} out, and holds ${inside}`;
  });
}

function pullsOf({ engine }: SnabbProcess): Verdict {
  if (engine.mostPulled === 0) return "nothing";
  if (engine.mostPulled <= engine.pullNpackets) return null;
  return `a pull transmitted ${engine.mostPulled} packets, expected ${engine.pullNpackets} at most`;
}

function refillOf({ watch, rx, appname }: Intel): Verdict {
  if (rx === null || watch === null || watch.packets === 0) return "nothing";
  const empty = rx.queue.indexOf(-1);
  if (empty >= 0) return `slot ${empty} of the receive ring of ${appname} has no packet`;
  return watch.brokenRefill;
}

function sleepsOf(
  { engine: { sleeps, longestSleepUs, maxsleep, busywait, Hz } }: SnabbProcess,
): Verdict {
  if (sleeps === 0) return busywait ? null : "nothing";
  if (busywait) return `it slept ${sleeps} times with busywait`;
  if (Hz !== false || longestSleepUs <= maxsleep) return null;
  return `it slept ${longestSleepUs} us, expected ${maxsleep} at most`;
}

function freeOf({ packet }: SnabbProcess): Verdict {
  const { nfree, list } = packet.freelist;
  for (let i = 0; i < nfree; i++) {
    const p = list[i]!;
    if (packet.length(p) === 0 && packet.headroom(p) === 256) continue;
    return `free packet ${p} has ${packet.length(p)} bytes after ${
      packet.headroom(p)
    } of headroom, expected 0 after 256`;
  }
  return nfree === 0 ? "nothing" : null;
}

function interlinksOf({ interlinks }: Machinery): Verdict {
  return firstOf(
    [...interlinks.all()].map(({ watch }) =>
      watch === null || watch.judged === 0 ? "nothing" : watch.broken
    ),
  );
}

function queuesOf({ engine, env }: SnabbProcess): Verdict {
  for (const { port, queues } of env.hardware.nics) {
    const wrong = queues.reta.find((queue) => queue >= env.lcores);
    if (wrong !== undefined) return `nic${port} sends hashes to queue ${wrong} of ${env.lcores}`;
  }
  const watches = [...engine.apps.values()].map((app) => app instanceof Intel ? app.watch : null);
  return firstOf(
    watches.map((watch) => watch === null || watch.packets === 0 ? "nothing" : watch.brokenQueue),
  );
}

function commitsOf({ engine: { breaths, committedAt } }: SnabbProcess): Verdict {
  if (breaths.value < 100) return "nothing";
  if (breaths.value - committedAt < 100) return null;
  return `after ${breaths.value} breaths the last commit was at ${committedAt}, expected 100 before at most`;
}

function pausesOf({ pauses, settings, engine: { latency } }: SnabbProcess): Verdict {
  if (pauses === 0) return "nothing";
  const seen = latency.atLeast(settings.gcPauseUs * 1e-6 * 0.97);
  if (seen >= pauses) return null;
  return `of ${pauses} pauses of ${settings.gcPauseUs} us ${seen} are breaths so long`;
}
