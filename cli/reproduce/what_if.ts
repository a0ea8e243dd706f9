/** Questions that the paper leaves open (section 6), answered as far as the model can. */
import type { Plot } from "../report/plots.ts";
import type { Lab } from "./lab.ts";
import type { WhatIfRecord } from "./types.ts";

/** The answers. */
export function whatIf(_lab: Lab): WhatIfRecord[] {
  return [];
}

/** Their plots by id. */
export function whatIfPlots(_lab: Lab): Promise<Map<string, Plot>> {
  return Promise.resolve(new Map());
}
