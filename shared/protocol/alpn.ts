/**
 * What a pillar names as its application protocols when it connects (ALPN, RFC 7301).
 *
 * With an alarm that no hub has accepted it names `urgent` first: when thousands come at once, the hub shakes
 * hands with those before all others. Both mean MQTT 3.1.1, and the hub chooses neither aloud.
 */
export const APPLICATION_PROTOCOL = { urgent: "anzhu-alarm", ordinary: "mqtt" } as const;

export const applicationProtocols = (hasAlarm: boolean): string[] => {
  const { urgent, ordinary } = APPLICATION_PROTOCOL;
  return hasAlarm ? [urgent, ordinary] : [ordinary];
};
