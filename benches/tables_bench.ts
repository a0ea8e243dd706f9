import { register } from "./register.ts";
import { tables } from "./tables.ts";

register(tables());
