/** Takes the password out of addresses before a text leaves this process: a log is read by many. */

export function redact(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]*@/gi, "$1:***@");
}
