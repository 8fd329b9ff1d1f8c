// Words of the trade, as facts of law and custom have them; both languages of a sentence stand together.

import { app } from "./app";
import { cameras } from "./cameras";
import { casefiles } from "./casefiles";
import { custody } from "./custody";
import { desk } from "./desk";
import { duty } from "./duty";
import { evidence } from "./evidence";
import { incident } from "./incident";
import { law } from "./law";
import { patterns } from "./patterns";
import { recordings } from "./recordings";
import { storage } from "./storage";
import { supervision } from "./supervision";
import { tips } from "./tips";
import { wall } from "./wall";
import { wording } from "./wording";

export const words = {
  ...app,
  ...wall,
  ...cameras,
  ...incident,
  ...evidence,
  ...desk,
  ...duty,
  ...law,
  ...supervision,
  ...storage,
  ...recordings,
  ...custody,
  ...casefiles,
  ...tips,
  ...wording,
  ...patterns,
} as const;

export type Key = keyof typeof words;
