/** How numbers, times and accounts are written. No state, no document. */

/** Return seconds as mm:ss, or h:mm:ss from one hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** Return a share in [0, 1] as a whole percentage, never 100 % for what is not certain. */
export function percent(share: number): string {
  return `${Math.min(share >= 1 ? 100 : 99, Math.round(share * 100))}%`;
}

/** Return an identifier in groups of four, as it is read back. */
export function inFours(text: string): string {
  return text.replace(/\s+/g, "").replace(/(.{4})(?=.)/gu, "$1 ");
}

/** Say whether a card number passes the Luhn check. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Return fen for an amount typed in yuan ("48600", "48,600.5"), or null where it is none. */
export function fenOf(yuan: string): number | null {
  const match = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(yuan.replace(/[,，\s¥元]/g, ""));
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
}

/** Return fen as yuan with separators and two decimals. */
export function yuan(fen: number): string {
  const whole = String(Math.floor(fen / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${whole}.${String(fen % 100).padStart(2, "0")}`;
}

/** Return fen as they are typed: no separators, decimals only where needed. */
export function plainYuan(fen: number): string {
  return fen % 100 ? (fen / 100).toFixed(2) : String(fen / 100);
}

const DIGITS = "零一二三四五六七八九";
const PLACES = ["", "十", "百", "千"];
const GROUPS = ["", "万", "亿", "万亿"];

/** Return an amount in the words in which an operator reads it back: 48,600.00 is 四万八千六百元. */
export function amountInWords(fen: number): string {
  const whole = Math.floor(fen / 100);
  const [jiao, cent] = [Math.floor((fen % 100) / 10), fen % 10];
  const small = jiao || cent ? (jiao ? `${DIGITS[jiao]}角` : "零") + (cent ? `${DIGITS[cent]}分` : "") : "";
  return `${wholeInWords(whole)}元${small}`;
}

function wholeInWords(value: number): string {
  if (!value) return "零";
  let words = "";
  let zeroBetween = false;
  for (let group = GROUPS.length - 1; group >= 0; group--) {
    const part = Math.floor(value / 10000 ** group) % 10000;
    if (!part) {
      zeroBetween = words !== "";
      continue;
    }
    if (words && (zeroBetween || part < 1000)) words += "零";
    zeroBetween = false;
    words += fourInWords(part) + GROUPS[group];
  }
  return words.startsWith("一十") ? words.slice(1) : words;
}

function fourInWords(value: number): string {
  let words = "";
  let zero = false;
  for (let place = 3; place >= 0; place--) {
    const digit = Math.floor(value / 10 ** place) % 10;
    if (digit) {
      words += (zero ? "零" : "") + DIGITS[digit] + PLACES[place];
      zero = false;
    } else {
      zero = words !== "";
    }
  }
  return words;
}

/** Return an ISO moment as the value of a `datetime-local` field, in local time. */
export function localMinute(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** Return an ISO moment as hh:mm:ss in local time. */
export function timeOfDay(iso: string): string {
  const moment = new Date(iso);
  return clock(moment.getHours() * 3600 + moment.getMinutes() * 60 + moment.getSeconds()).padStart(8, "00:");
}

/** Return an ISO moment as month-day hh:mm in local time. */
export function dayAndMinute(iso: string): string {
  return localMinute(iso).slice(5).replace("T", " ");
}

/** Return a number of bytes in KB or MB. */
export function bytesText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)} MB`;
}

/** Return fen as yuan with separators, with decimals only where there are fen. */
export function wholeYuan(fen: number): string {
  return fen % 100 ? yuan(fen) : yuan(fen).slice(0, -3);
}
