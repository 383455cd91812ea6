// Times as people read them; everything comes in seconds since 1970.

const format = (facts) => new Intl.DateTimeFormat("en-GB", facts);
const TIME = format({ hour: "2-digit", minute: "2-digit" });
const EXACT = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = format({ weekday: "short", day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = format({ day: "numeric", month: "short" });
const WHOLE = format({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

const date = (seconds) => new Date(seconds * 1000);

export const time = (seconds) => TIME.format(date(seconds));
export const exactTime = (seconds) => EXACT.format(date(seconds));
export const day = (seconds) => DAY.format(date(seconds));
export const whole = (seconds) => WHOLE.format(date(seconds));
export const shortly = (seconds, now) => (day(seconds) === day(now) ? time(seconds) : SHORT_DAY.format(date(seconds)));
export const iso = (seconds) => date(seconds).toISOString();
