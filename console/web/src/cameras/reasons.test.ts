import { afterEach, describe, expect, it } from "vitest";
import { language } from "../i18n";
import { reasonText } from "./reasons";

const said: [string, string, string][] = [
  ["starting", "正在启动", "Starting"],
  ["connected, but no picture yet", "已连接，尚无画面", "Connected, no picture yet"],
  ["no picture for 5 s", "5 秒没有画面", "No picture for 5 s"],
  ["picture covered", "画面被遮挡", "Picture covered"],
  ["keeps reconnecting", "反复断线重连", "Keeps reconnecting"],
  ["damaged pictures", "画面数据损坏", "Damaged pictures"],
  ["fewer than half of 12.5 pictures a second", "帧率不足 12.5 帧/秒的一半", "Below half of 12.5 fps"],
  ["time line moved by -3.2 s (jump)", "时间戳跳变 -3.2 秒", "Time stamps jumped by -3.2 s"],
  [
    "refused: camera gate at rtsp://10.0.0.9/1 refused: user name or password wrong; check username and password",
    "用户名或密码不正确",
    "User name or password wrong",
  ],
  [
    "unreachable: camera gate at rtsp://10.0.0.9/1: nothing listens there; check power and port",
    "该地址没有响应的服务，请检查供电和端口",
    "Nothing listens there; check power and port",
  ],
  [
    "unreachable: camera gate at rtsp://10.0.0.9/1 did not answer within 5 s",
    "5 秒内没有应答",
    "No answer within 5 s",
  ],
  ["stalled: no packet for 5 s", "5 秒没有数据", "No data for 5 s"],
  ["stalled: no picture for 5 s, only sound", "5 秒没有画面，只有声音", "No picture for 5 s, only sound"],
  ["ended: the camera closed the connection", "摄像机断开了连接", "The camera closed the connection"],
  ["broken: camera gate at rtsp://10.0.0.9/1 closed the connection", "摄像机断开了连接", "The camera closed the connection"],
  ["stopped", "已停止", "Stopped"],
  ["udp://0.0.0.0:5600: nobody is sending yet", "尚无设备推流", "Nobody is sending yet"],
  [
    "unreachable: camera gate: 8.8.8.8 lies outside the camera networks; add its network to `networks` in township.yaml",
    "地址不在配置的摄像机网段内",
    "Outside the configured camera networks",
  ],
  [
    "camera 10.0.0.9: its clock is off by -120 s; set NTP",
    "摄像机时钟偏差 -120 秒，请设置 NTP 校时",
    "Its clock is off by -120 s; set NTP",
  ],
  ["camera 10.0.0.9: GetProfiles: no answer within 5 s", "5 秒内没有应答", "No answer within 5 s"],
];

describe("the reason a camera gives", () => {
  afterEach(() => (language.value = "zh"));

  it.each(said)("%s", (given, zh, en) => {
    language.value = "zh";
    expect(reasonText(given)).toBe(zh);
    language.value = "en";
    expect(reasonText(given)).toBe(en);
  });

  it("is shown as it came when nobody knows it", () => {
    expect(reasonText("the lens fell off")).toBe("the lens fell off");
    expect(reasonText("picture upside-down")).toBe("picture upside-down");
    expect(reasonText("broken: odd bytes")).toBe("传输中断：odd bytes");
    expect(reasonText("")).toBe("");
  });
});
