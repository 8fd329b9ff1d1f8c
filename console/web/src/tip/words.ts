// The public page's own book of words: it loads nothing of the console's.

import { ref, watchEffect } from "vue";
import type { Language, Words } from "./types";

const STORED = "wardwatch.language";

const book = {
  "app.title": { zh: "线索举报", en: "Report something" },
  "app.report": { zh: "举报", en: "Report" },
  "app.ask": { zh: "查进度", en: "Status" },
  "app.other": { zh: "English", en: "中文" },
  "app.loading": { zh: "正在载入", en: "Loading" },
  "app.lost": { zh: "连不上网络，正在重试。填写的内容存在本机。", en: "No network, trying again. What you wrote stays on this phone." },
  "app.closed": { zh: "目前不接受网上举报。紧急情况请拨打 110。", en: "No reports are taken here at present. In an emergency call 110." },
  "app.urgent": { zh: "有人身危险请拨打 110，不要在这里等。", en: "If anybody is in danger call 110; do not wait here." },
  "step.of": { zh: "第 {n} 步，共 3 步", en: "Step {n} of 3" },
  "step.next": { zh: "下一步", en: "Next" },
  "step.back": { zh: "上一步", en: "Back" },
  "place.title": { zh: "在哪里？", en: "Where is it?" },
  "place.note": { zh: "移动地图，把红色标记对准地点", en: "Move the map to put the mark on the place" },
  "place.here": { zh: "我就在这里", en: "I am here" },
  "place.looking": { zh: "正在定位", en: "Looking" },
  "place.denied": { zh: "没有定位权限，请在地图上标出地点", en: "The phone does not tell its place: mark it on the map" },
  "place.none": { zh: "暂时定位不到，请在地图上标出地点", en: "The place was not found: mark it on the map" },
  "place.insecure": { zh: "此连接不能定位，请在地图上标出地点", en: "This connection cannot locate: mark the place on the map" },
  "place.phone": { zh: "手机定位，误差约 {m} 米", en: "Located by the phone, within about {m} m" },
  "place.pin": { zh: "已在地图上标出", en: "Marked on the map" },
  "place.unset": { zh: "还没有标出地点", en: "No place yet" },
  "place.noMap": { zh: "此手机显示不了地图，请定位，或用文字写清地点", en: "This phone cannot show the map: locate, or write where it is" },
  "place.words": { zh: "补充说明，如“闸口东侧”（可不填）", en: "In words: east of the sluice …" },
  "what.title": { zh: "看到了什么？", en: "What did you see?" },
  "kind.fishing": { zh: "违规捕捞垂钓", en: "Illegal fishing" },
  "kind.dumping": { zh: "倾倒垃圾", en: "Dumping" },
  "kind.occupation": { zh: "占道占地", en: "Occupied road or land" },
  "kind.other": { zh: "其他、不清楚", en: "Other, not sure" },
  "what.when": { zh: "什么时候？", en: "When?" },
  "what.now": { zh: "现在", en: "Now" },
  "what.earlier": { zh: "更早", en: "Earlier" },
  "what.words": { zh: "说明情况（不要写自己的姓名电话）", en: "Describe it (leave out your own name and number)" },
  "what.photos": { zh: "照片", en: "Photos" },
  "what.add": { zh: "拍照或选照片", en: "Take or choose photos" },
  "what.preparing": { zh: "正在处理照片", en: "Preparing the photo" },
  "what.most": { zh: "最多 {n} 张", en: "{n} at most" },
  "what.remove": { zh: "删除照片 {n}", en: "Remove photo {n}" },
  "what.empty": { zh: "请写几个字，或加一张照片", en: "Write a few words, or add a photo" },
  "what.kindNeeded": { zh: "请选择看到了什么", en: "Choose what you saw" },
  "send.title": { zh: "核对并提交", en: "Check and send" },
  "send.place": { zh: "地点", en: "Place" },
  "send.what": { zh: "情况", en: "What" },
  "send.when": { zh: "时间", en: "When" },
  "send.photos": { zh: "照片", en: "Photos" },
  "send.count": { zh: "{n} 张", en: "{n}" },
  "send.notice": { zh: "个人信息怎么用", en: "How your data is used" },
  "send.kept": { zh: "办结后保存 {n} 天，之后删除；作为证据的照片按案卷规定保存。", en: "Kept for {n} days after the end, then deleted; photos that became evidence are kept as long as the file." },
  "send.go": { zh: "提交举报", en: "Send" },
  "send.proof": { zh: "手机正在做安全计算，请稍候", en: "The phone does a small calculation against abuse" },
  "send.send": { zh: "正在提交", en: "Sending" },
  "send.wait": { zh: "已存在本机，约 {s} 秒后自动重试", en: "Kept on this phone; tried again in about {s} s" },
  "send.again": { zh: "现在重试", en: "Try now" },
  "done.title": { zh: "已收到，谢谢您", en: "Received, thank you" },
  "done.code": { zh: "查询码", en: "Your code" },
  "done.keep": { zh: "凭查询码查进度。查询码无法找回，请保存。", en: "Ask for the state with this code. It cannot be recovered: keep it." },
  "done.copy": { zh: "复制", en: "Copy" },
  "done.copied": { zh: "已复制", en: "Copied" },
  "done.save": { zh: "存为图片", en: "Save as picture" },
  "done.photos": { zh: "照片 {n} / {of} 已送达", en: "{n} of {of} photos have arrived" },
  "done.refused": { zh: "有 {n} 张照片没有收下", en: "{n} photos were not taken" },
  "done.another": { zh: "再举报一件", en: "Report something else" },
  "ask.title": { zh: "查进度", en: "What became of it?" },
  "ask.code": { zh: "查询码（15 位，不分大小写）", en: "Code (15 symbols, capitals or not)" },
  "ask.go": { zh: "查询", en: "Ask" },
  "ask.remembered": { zh: "本机保存的查询码", en: "Codes on this phone" },
  "ask.forget": { zh: "从本机删除 {code}", en: "Remove {code} from this phone" },
  "state.received": { zh: "已收到", en: "Received" },
  "state.reviewing": { zh: "研判中", en: "Being looked at" },
  "state.accepted": { zh: "已受理", en: "Accepted" },
  "state.handled": { zh: "已办结", en: "Dealt with" },
  "state.declined": { zh: "不予受理", en: "Not taken up" },
  "state.transferred": { zh: "已移送", en: "Handed over" },
  "problem.unreachable": { zh: "连不上网络", en: "No network" },
  "problem.too-many": { zh: "您所在的网络提交过多，请稍后再试", en: "Too much came from your network" },
  "problem.many-tips": { zh: "现在举报很多，请稍后再试", en: "Very many reports come in just now" },
  "problem.desk-full": { zh: "待处理的线索过多，请稍后再试", en: "More came in than can be looked at" },
  "problem.closed": { zh: "目前不接受网上举报", en: "No reports are taken at present" },
  "problem.busy": { zh: "照片较多，正在排队", en: "Many photos: waiting for a turn" },
  "problem.database": { zh: "系统忙，正在重试", en: "The system is busy" },
  "problem.challenge": { zh: "正在重新计算", en: "Calculating anew" },
  "problem.far-away": { zh: "这个地点不在本镇范围内", en: "This place is not in our township" },
  "problem.long-ago": { zh: "时间太久，不能受理", en: "This was too long ago" },
  "problem.empty": { zh: "请写几个字，或加一张照片", en: "Write a few words, or add a photo" },
  "problem.words": { zh: "文字太长", en: "Too many words" },
  "problem.photos": { zh: "照片太多", en: "Too many photos" },
  "problem.not-a-person": { zh: "提交被当成程序，请刷新页面再试", en: "This looked like a program: reload the page and try again" },
  "problem.not-a-photo": { zh: "只收 JPEG、PNG、WebP、HEIC 照片", en: "JPEG, PNG, WebP and HEIC are taken" },
  "problem.broken-photo": { zh: "照片损坏，打不开", en: "The photo cannot be opened" },
  "problem.large-photo": { zh: "照片尺寸过大", en: "The photo has too many pixels" },
  "problem.too-large": { zh: "照片文件过大", en: "The photo is too large" },
  "problem.no-room": { zh: "照片存储已满，文字已收到", en: "No room for photos; the words have arrived" },
  "problem.too-late": { zh: "照片送达太晚", en: "The photo came too late" },
  "problem.mistyped": { zh: "查询码有误，请核对", en: "This is no code: look for a mistyped symbol" },
  "problem.no-code": { zh: "没有这个查询码", en: "There is no report with this code" },
  "problem.picture": { zh: "手机读不了这张照片", en: "This phone cannot read the photo" },
  "problem.unknown": { zh: "没有成功，请稍后再试", en: "That did not work; try again later" },
} as const satisfies Record<string, Words>;

export type Key = keyof typeof book;

export const language = ref<Language>(localStorage.getItem(STORED) === "en" ? "en" : "zh");

watchEffect(() => {
  localStorage.setItem(STORED, language.value);
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

export function t(key: Key, fill: Record<string, string | number> = {}): string {
  return book[key][language.value].replace(/\{(\w+)\}/g, (_, name: string) => `${fill[name] ?? ""}`);
}

export function problemText(code: string): string {
  const key = `problem.${code}`;
  return t(key in book ? (key as Key) : "problem.unknown");
}

export function say(words: Words | null | undefined): string {
  return words ? words[language.value] || words.zh : "";
}

export function moment(iso: string): string {
  return new Date(iso).toLocaleString(language.value === "zh" ? "zh-CN" : "en-GB", {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
  });
}
