/** Questions that the paper leaves open (3.3, 6.1 and 6.3), answered as far as the model can. */
import type { Plot } from "../report/plots.ts";
import { draw } from "../report/plots.ts";
import { besideStreams } from "./beside.ts";
import { cascade, fullTable, generations, howManyNics } from "./beyond.ts";
import type { Lab } from "./lab.ts";
import type { WhatIfRecord } from "./types.ts";

/** An answer, with the plot of it as vega-lite has it; null where a table says it better. */
export interface Question {
  readonly record: WhatIfRecord;
  readonly spec: object | null;
}

function questions(lab: Lab): Question[] {
  return lab.once("questions beyond the paper", () => [
    howManyNics(lab.host),
    fullTable(lab.host),
    generations(lab.host),
    besideStreams(lab.host),
    cascade(lab.host),
  ]);
}

/** The answers. */
export function whatIf(lab: Lab): WhatIfRecord[] {
  return questions(lab).map(({ record }) => record);
}

/** Their plots by id. */
export async function whatIfPlots(lab: Lab): Promise<Map<string, Plot>> {
  const plots = new Map<string, Plot>();
  for (const { record, spec } of questions(lab)) {
    if (spec === null) continue;
    const svg = await draw(spec, record.id);
    plots.set(record.id, { title: record.question, about: record.answer, svg });
  }
  return plots;
}
