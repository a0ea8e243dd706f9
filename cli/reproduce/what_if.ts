/** Questions that the paper leaves open (3.3, 6.1 and 6.3), answered as far as the model can. */
import type { Plot } from "../report/plots.ts";
import { draw } from "../report/plots.ts";
import { besideStreams } from "./beside.ts";
import { cascade, fullTable, generations, howManyNics } from "./beyond.ts";
import type { Lab } from "./lab.ts";
import type { WhatIfRecord } from "./types.ts";

/** An answer, with a plot of it where that says more than the table. */
export interface Question {
  readonly record: WhatIfRecord;
  readonly plot: { readonly about: string; readonly spec: object } | null;
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
  for (const { record: { id, question }, plot } of questions(lab)) {
    if (plot === null) continue;
    const svg = await draw(plot.spec, question);
    plots.set(id, { title: question, about: plot.about, svg });
  }
  return plots;
}
