import { register } from "./register.ts";
import { mempools } from "./mempools.ts";

register(mempools());
