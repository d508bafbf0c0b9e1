/**
 * What a pillar names as its application protocols when it connects (ALPN, RFC 7301).
 *
 * With an alarm that no hub has accepted it names `urgent` first: when thousands connect at once,
 * the hub does those handshakes before all others. Both names mean MQTT 3.1.1; the hub selects
 * neither in its answer.
 */
export const APPLICATION_PROTOCOL = { urgent: "anzhu-alarm", ordinary: "mqtt" } as const;

export const applicationProtocols = (hasAlarm: boolean): string[] => {
  const { urgent, ordinary } = APPLICATION_PROTOCOL;
  return hasAlarm ? [urgent, ordinary] : [ordinary];
};
