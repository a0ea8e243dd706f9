// Loaded before the benchmarks by `deno task bench:quick`: each of them runs a handful of iterations,
// on small tables, which shows that it still works and says nothing about its speed.

type Body = Deno.BenchDefinition["fn"];
type Argument = string | Body | Partial<Deno.BenchDefinition>;

const FEW = { n: 1, warmup: 0 };
const register = Deno.bench.bind(Deno);

// Deno.bench takes a name, options and a body in several orders and may find the name in the body.
function quick(...given: Argument[]): void {
  const definition: Partial<Deno.BenchDefinition> = {};
  for (const one of given) {
    if (typeof one === "string") definition.name = one;
    else if (typeof one === "function") definition.fn = one;
    else Object.assign(definition, one);
  }
  const fn = definition.fn!;
  register({ name: fn.name, ...definition, fn, ...FEW });
}

if (!Deno.env.has("BENCH_ROUTES")) Deno.env.set("BENCH_ROUTES", "1000");
Object.assign(Deno, { bench: Object.assign(quick, Deno.bench) });
