/** Everything that can be broken at a virtual pillar, by name. */
import { z } from "zod";
import { assertNever } from "../../shared/assert.ts";
import type { Program } from "./program.ts";
import type { VirtualBoard } from "./board/virtual-board.ts";
import type { VirtualCamera } from "./picture/virtual-camera.ts";
import type { VirtualMicrophone } from "./sound/virtual-microphone.ts";
import type { VirtualSpeaker } from "./sound/virtual-speaker.ts";

export const Fault = z.enum([
  /** The line repeats what is sent to it before the answer, as RS-485 adapters do. */
  "board-echo",
  /** Answers end half-way. */
  "board-truncate",
  /** One bit of each answer is wrong. */
  "board-corrupt",
  /** No answers. */
  "board-mute",
  /** The serial device vanishes, and returns under the same name. */
  "board-unplugged",
  "camera-off",
  "microphone-off",
  "speaker-off",
  /** The case is open. */
  "tamper",
  /** The mains have failed; the pillar runs on its battery. */
  "mains",
  /** The agent is killed at once and stays off. */
  "power-off",
  /** `kill -9` on the agent, once; it is started again. Cannot be switched off. */
  "agent-crash",
]);
export type Fault = z.infer<typeof Fault>;

export interface Hardware {
  readonly board: VirtualBoard;
  readonly microphone: VirtualMicrophone;
  readonly speaker: VirtualSpeaker;
  readonly camera: VirtualCamera;
  readonly agent: Program;
}

export async function setFault(hardware: Hardware, fault: Fault, isOn: boolean): Promise<void> {
  const { board, microphone, speaker, camera, agent } = hardware;
  switch (fault) {
    case "board-echo":
      return board.setLineFault("echo", isOn);
    case "board-truncate":
      return board.setLineFault("truncate", isOn);
    case "board-corrupt":
      return board.setLineFault("corrupt", isOn);
    case "board-mute":
      return board.setLineFault("mute", isOn);
    case "board-unplugged":
      return isOn ? board.unplug() : board.replug();
    case "camera-off":
      return isOn ? camera.switchOff(agent.pid()) : camera.switchOn();
    case "microphone-off":
      return isOn ? microphone.socket.close() : microphone.socket.open();
    case "speaker-off":
      return isOn ? speaker.socket.close() : speaker.socket.open();
    case "tamper":
    case "mains":
      return board.setContact(fault, isOn);
    case "power-off":
      return agent.setPower(!isOn);
    case "agent-crash":
      return agent.crash();
    default:
      return assertNever(fault);
  }
}
