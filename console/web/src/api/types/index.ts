// What /api/v1 sends.

export type * from "./common";
export type * from "./site";
export type * from "./incidents";
export type * from "./desk";
export type * from "./health";
export type * from "./evidence";
export type * from "./tips";
