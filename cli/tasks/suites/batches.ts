import { load } from "../suite.ts";

await load("batches");
