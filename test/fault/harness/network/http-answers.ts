/** What an HTTP server said on a raw connection: the status of each answer, in order. */
export function readRequests(bytes: Buffer): number[] {
  const found: number[] = [];
  let rest = bytes.toString("latin1");
  for (let start = /^HTTP\/1\.1 (\d{3})[^]*?\r\n\r\n/.exec(rest); start;) {
    found.push(Number(start[1]));
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(start[0])?.[1] ?? 0);
    rest = rest.slice(start[0].length + length);
    start = /^HTTP\/1\.1 (\d{3})[^]*?\r\n\r\n/.exec(rest);
  }
  return found;
}
