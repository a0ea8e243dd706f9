import { load } from "../suite.ts";

await load("fib-compressed");
