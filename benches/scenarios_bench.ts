import { register } from "./register.ts";
import { scenarios } from "./scenarios.ts";

register(scenarios());
