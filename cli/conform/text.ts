/** What `conform` says to a person. */
import Table from "cli-table3";
import {
  type ConformanceResult,
  type LawResult,
  type ReplayCommand,
  reportCounterexample,
} from "../../properties/mod.ts";
import { wrapped } from "../commands/run.ts";
import { oneLine } from "../user_error.ts";

/** The result of one check: a table of the laws, what was not judged, and the counterexamples with how to replay them. */
export function checkText(
  result: ConformanceResult,
  on: string,
  save: (law: LawResult) => readonly string[],
  declared: readonly string[],
  again: ReplayCommand,
): string {
  const { laws, policy, harness } = result;
  const table = new Table({
    head: ["law", "judged", "kept", ""],
    colAligns: ["left", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { law, judged, kept } of laws) {
    if (judged > 0) table.push([law.id, judged, kept, kept === judged ? "kept" : "BROKEN"]);
  }
  const lines: string[] = [];
  const say = (text: string) => lines.push(wrapped(text, "  ").trimEnd());
  say(`${oneLine(result.device)}: ${oneLine(on)}`);
  lines.push(table.toString());
  for (const [why, ids] of unjudged(laws)) say(`not judged: ${ids.join(", ")} (${why})`);
  const { congestion } = policy;
  say(
    `declared to lose under load: ${congestion.length === 0 ? "nothing" : congestion.join(", ")}`,
  );
  declared.forEach(say);
  for (const { id, sentence } of harness) say(`${id}: ${sentence}`);
  for (const law of laws) {
    if (law.counterexample === null) continue;
    lines.push("", reportCounterexample(law.counterexample, save(law), again));
  }
  return `${lines.join("\n")}\n`;
}

/** Laws that were not judged, by the reason. */
function unjudged(laws: readonly LawResult[]): Map<string, string[]> {
  const by = new Map<string, string[]>();
  for (const { law, judged, notJudged } of laws) {
    if (judged > 0) continue;
    const why = notJudged[0]?.why ?? "no run";
    const ids = by.get(why) ?? [];
    ids.push(law.id);
    by.set(why, ids);
  }
  return by;
}
