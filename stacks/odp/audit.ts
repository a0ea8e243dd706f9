/** Asks every checker about a run that has become quiet. */
import type { Finding } from "../../core/stack.ts";
import { checkClassPools, checkLoops, checkPools, checkSends } from "./check_buffers.ts";
import { checkClasses, checkHashes } from "./check_cls.ts";
import { checkGroups, checkPriority, checkSpread } from "./check_fair.ts";
import { checkAtomic, checkLocks, checkTickets } from "./check_order.ts";
import { checkRates, checkShares, checkUrgency } from "./check_tm.ts";
import { checkConservation, checkWred } from "./check_wred.ts";
import type { Odp } from "./odp.ts";
import type { Worker } from "./worker.ts";

/** What the checkers say; those that the run gave nothing to judge are left out. */
export function odpAudit(odp: Odp, workers: readonly Worker[]): Finding[] {
  const findings: Finding[] = [];
  const say = (id: string, broken: string | null | undefined): void => {
    if (broken !== undefined) findings.push({ id, broken });
  };
  auditQueues(odp, say);
  const { classifier } = odp.settings;
  if (classifier !== undefined) {
    say("ODP-10", checkClasses(odp.clsWitness.decisions, classifier, odp.loop));
    say("ODP-11", checkHashes(odp.clsWitness.decisions));
  }
  say("ODP-12", checkPools(odp, workers));
  say("ODP-13", checkSends(odp));
  say("ODP-14", checkLoops(odp));
  say("ODP-22", checkClassPools(odp));
  const options = odp.settings.tm ?? {};
  for (const system of odp.tm) {
    if (system === undefined) continue;
    say("ODP-18", checkConservation(system.queues));
    say("ODP-19", checkWred(system.log.decisions, options));
    const { facts, truncated } = system.log;
    if (truncated) continue;
    say("ODP-15", checkRates(facts, options, false));
    say("ODP-16", checkShares(facts, options));
    say("ODP-17", checkUrgency(facts, options));
    say("ODP-20", checkRates(facts, options, true));
  }
  return findings;
}

function auditQueues(odp: Odp, say: (id: string, broken: string | null | undefined) => void): void {
  const { log } = odp.witness;
  // half of a story judges nobody
  if (log.truncated) return;
  const facts = log.read();
  const queues = odp.scheduler.queues.map(({ param }) => param);
  const { prioSpread, prioSpreadWeight } = odp.settings;
  say("ODP-1", checkAtomic(facts, queues));
  const tickets = checkTickets(facts, queues);
  say("ODP-2", tickets.order);
  say("ODP-4", checkLocks(facts, queues));
  say("ODP-5", tickets.returned);
  say("ODP-7", checkPriority(facts, queues));
  say("ODP-8", checkSpread(facts, queues, prioSpread, prioSpreadWeight));
  say("ODP-9", checkGroups(facts, queues));
}
