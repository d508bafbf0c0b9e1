import { afterEach, beforeEach, expect, test } from "vitest";
import { crc16, ModbusPort } from "../../../../device/adapters/board/modbus-port.ts";

const framed = (...bytes: number[]): Buffer => {
  const crc = crc16(Uint8Array.from(bytes));
  return Buffer.from([...bytes, crc & 255, crc >> 8]);
};
const REQUEST = framed(1, 4, 0, 0, 0, 2);
const ANSWER = framed(1, 4, 4, 0, 1, 0, 2);

let port: ModbusPort;
beforeEach(() => {
  port = new ModbusPort({ path: "/nowhere", baudRate: 9600 });
  // It is not open: what arrives is said by the tests.
  port.on("error", () => {});
  port.write(REQUEST);
});
afterEach(() => port.removeAllListeners());

const arrives = (bytes: Buffer): boolean => port.serial.emit("data", bytes);

test("an echo that arrives when nobody waits any more is an echo, and no late answer", () => {
  port.giveUp();
  for (const part of [REQUEST.subarray(0, 3), REQUEST.subarray(3)]) arrives(part);
  expect(port.diagnosis()).toMatch(/only echoes/);
  port.write(REQUEST);
  expect(port.diagnosis()).toMatch(/silent/);
});

test("an answer that arrives when nobody waits any more is late, also behind an echo", () => {
  for (const bytes of [ANSWER, Buffer.concat([REQUEST, ANSWER])]) {
    port.giveUp();
    arrives(bytes);
    expect(port.diagnosis()).toMatch(/too late/);
    port.write(REQUEST);
    expect(port.diagnosis()).toMatch(/too late/);
    // One in time ends that.
    arrives(ANSWER);
    port.write(REQUEST);
  }
});
