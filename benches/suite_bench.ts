// Runs the suite under `deno bench`. An iteration does as many operations as the name says in brackets.
import { benchmarks } from "./suite.ts";

for (const { group, name, items, run } of benchmarks()) {
  Deno.bench({ group, name: `${name} [${items}]`, fn: () => void run() });
}
