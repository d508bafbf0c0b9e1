/**
 * What the pillar can say. The media process plays `<name>.wav`;
 * the words are for the person who records them.
 */

export const PROMPTS = {
  calling: { zh: "正在为您呼叫，请稍候。", en: "Calling for help. Please wait." },
  received: { zh: "报警中心已收到您的呼叫。", en: "The centre has received your call." },
  answered: { zh: "接警员已接听，请讲话。", en: "An operator is with you. Please speak." },
  held: { zh: "请稍候，接警员马上回来。", en: "Please hold. The operator will be back." },
  reconnecting: {
    zh: "线路中断，正在重新连接，请稍候。",
    en: "The line is lost. We are reconnecting, please wait.",
  },
  "ringing-again": {
    zh: "接警员已离开，正在为您重新呼叫，请稍候。",
    en: "The operator has left. We are calling again, please wait.",
  },
  ended: { zh: "通话已结束。", en: "The call has ended." },
  "network-fault-dial-110": {
    zh: "网络故障，请拨打110。我们仍在继续呼叫。",
    en: "Network fault. Please dial 110. We keep calling.",
  },
  identify: { zh: "这里是报警柱。", en: "Here is the alarm pillar." },
} as const;

export type PromptName = keyof typeof PROMPTS;
