import { register } from "./register.ts";
import { tables6 } from "./tables6.ts";

register(tables6());
