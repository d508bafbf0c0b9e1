/**
 * Passwords that are tried first: refused, however long.
 *
 * Length does most of the work (NIST SP 800-63B 3.1.1.2 asks for a minimum and a list of known
 * ones, and for no rules about kinds of characters). The list holds words; digits and signs around
 * a word, and letters written as digits, do not make it another. Repetitions and runs of keys need
 * no list.
 */
export const MIN_PASSWORD = 10;
export const MAX_PASSWORD = 256;

const MIN_DISTINCT = 4;

const WORDS = new Set(
  `password passwort contrasena motdepasse passw passwd pass letmein welcome iloveyou woaini woaininimen qwerty
  qwertyuiop qwert asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc admin administrator root operator supervisor
  technician superuser test testing demo guest user login system default changeme changeit secret master monkey dragon
  football baseball superman batman princess sunshine shadow michael jordan trustno whatever internet computer
  starwars freedom summer winter spring autumn monday google facebook microsoft windows samsung huawei xiaomi tencent
  alibaba taobao baidu china beijing shanghai guangzhou shenzhen zhongguo zhongguoren mima wodemima nihao anzhu
  anzhuhub pillar police gongan jingcha jiejing baojing patrol emergency paichusuo zhihuizhongxin correcthorsebatterystaple abc abcd
  abcde abcdef abcabc aaa qq wang li zhang liu chen yang`.split(/\s+/),
);

/** Rows of keys and of the alphabet, and the common ways across them. */
const RUNS = [
  "01234567890123456789",
  "98765432109876543210",
  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
  "zyxwvutsrqponmlkjihgfedcbazyxwvutsrqponmlkjihgfedcba",
  "qwertyuiopasdfghjklzxcvbnm",
  "poiuytrewqlkjhgfdsamnbvcxz",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "1q2w3e4r5t6y7u8i9o0p",
  "qazwsxedcrfvtgbyhnujmikolp",
];

/** Digits and signs that people write in place of letters. */
const AS_LETTER: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "l",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

/** Digits and signs only are a date or a telephone number, unless there are many of them. */
const MANY_DIGITS = 16;

export function isKnownBad(password: string): boolean {
  const plain = password.normalize("NFKC").toLowerCase().slice(0, MAX_PASSWORD);
  if (new Set(plain).size < MIN_DISTINCT || isRepeated(plain) || isRun(plain)) return true;
  const front = plain.replace(END, "");
  const core = front.replace(START, "");
  if (core === "") return plain.length < MANY_DIGITS;
  return [core, asLetters(core), asLetters(front)].some(isListed);
}

const START = /^[^\p{L}]+/u;
const END = /[^\p{L}]+$/u;

const isRun = (text: string): boolean => RUNS.some((run) => run.includes(text));

const asLetters = (text: string): string =>
  text.replace(/[0-9@$!]/g, (letter) => AS_LETTER[letter] ?? letter);

function isListed(core: string): boolean {
  if (WORDS.has(core) || (core.length > 2 && isRun(core))) return true;
  const parts = core.split(/[^\p{L}]+/u).filter((part) => part !== "");
  return parts.length > 1 && parts.every((part) => WORDS.has(part));
}

/** The same short piece again and again. */
function isRepeated(text: string): boolean {
  for (let size = 1; size <= text.length / 2 && size <= 6; size++) {
    const piece = text.slice(0, size);
    if (piece.repeat(Math.ceil(text.length / size)).startsWith(text)) return true;
  }
  return false;
}
