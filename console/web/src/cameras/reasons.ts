// Why a camera is not well. The cameras' programs say it in English sentences; the kinds we know
// become words of the chosen language, anything else is shown as it came.

import { type Key, maybe, t } from "../i18n";

interface Kind {
  pattern: RegExp;
  key: Key;
  /** What the pattern's groups are called in the words. */
  names?: string[];
}

const kinds: Kind[] = [
  { pattern: /^starting$/, key: "reason.starting" },
  { pattern: /^connected, but no picture yet$/, key: "reason.noPictureYet" },
  { pattern: /^no picture for ([\d.]+) s, only sound$/, key: "reason.onlySound", names: ["s"] },
  { pattern: /^no picture for ([\d.]+) s$/, key: "reason.noPicture", names: ["s"] },
  { pattern: /^no packet for ([\d.]+) s$/, key: "reason.noPacket", names: ["s"] },
  { pattern: /^keeps reconnecting$/, key: "reason.flapping" },
  { pattern: /^damaged pictures$/, key: "reason.damaged" },
  { pattern: /^fewer than half of ([\d.]+) pictures a second$/, key: "reason.fewPictures", names: ["fps"] },
  { pattern: /^time line moved by ([+-][\d.]+) s \(\w+\)$/, key: "reason.timeLine", names: ["s"] },
  { pattern: /refused: user name or password wrong/, key: "reason.wrongPassword" },
  { pattern: /refused: it wants a password/, key: "reason.wantsPassword" },
  { pattern: /refused: no such stream/, key: "reason.noStream" },
  { pattern: /: nothing listens there/, key: "reason.nothingListens" },
  { pattern: / did not answer within ([\d.]+) s/, key: "reason.noAnswer", names: ["s"] },
  { pattern: /(?:the camera|\S) closed the connection$/, key: "reason.closed" },
  { pattern: /^the stream ended$/, key: "reason.streamEnded" },
  { pattern: / broke off, or its answer cannot be read$/, key: "reason.brokeOff" },
  { pattern: / answers, but sends no/, key: "reason.noVideo" },
  { pattern: /nobody is sending yet$/, key: "reason.nobodySends" },
  { pattern: /: the port is taken/, key: "reason.portTaken" },
  { pattern: /refuses the user name or password/, key: "reason.wrongPassword" },
  { pattern: /no answer within ([\d.]+) s/, key: "reason.noAnswer", names: ["s"] },
  { pattern: /cannot be reached; check address, port and power/, key: "reason.unreachable" },
  { pattern: /its clock is off by ([+-]\d+) s; set NTP/, key: "reason.clock", names: ["s"] },
  { pattern: / lies outside the camera networks/, key: "reason.network" },
  { pattern: /: no such host; /, key: "reason.noHost" },
  { pattern: /: no such file; /, key: "reason.noFile" },
];

/** Every session that ended begins with one of these; what follows says more. */
const ENDED = /^(unreachable|refused|stalled|broken|ended|stopped)(?:: (.+))?$/s;

/** A reason in the chosen language. */
export function reasonText(said: string): string {
  const ended = ENDED.exec(said);
  const rest = ended ? (ended[2] ?? "") : said;
  const picture = /^picture (\w+)$/.exec(rest);
  if (picture) return maybe(`picture.${picture[1]}`, said);
  for (const { pattern, key, names } of kinds) {
    const found = pattern.exec(rest);
    if (!found) continue;
    return t(key, Object.fromEntries((names ?? []).map((name, n) => [name, found[n + 1] ?? ""])));
  }
  if (!ended) return said;
  const words = t(`lost.${ended[1] as "refused"}`);
  return rest ? `${words}${t("reason.colon")}${rest}` : words;
}
