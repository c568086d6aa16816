// Instants as people read them: relative below an hour, local above, the zone on hover.

import { seconds } from "./numbers";

const HOUR_MS = 3_600_000;

/** "just now", "40 s ago", "12 min ago", then the local time, then the local date. */
export function relative(instant: string, now: Date): string {
  const at = new Date(instant);
  const age = now.getTime() - at.getTime();
  if (age < 5_000 && age > -5_000) return "just now";
  if (age >= 0 && age < HOUR_MS) {
    const whole = Math.floor(age / 1000);
    return whole < 60 ? `${whole} s ago` : `${Math.floor(whole / 60)} min ago`;
  }
  const isToday = at.toDateString() === now.toDateString();
  return isToday ? clock(at) : `${dayAndMonth(at)}, ${clock(at)}`;
}

/** 14:02 local. */
export function clock(at: Date): string {
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

const DAY_MS = 86_400_000;

/** 14:02:09 local for the last day; before that the date too. */
export function clockSeconds(instant: string, now: Date = new Date()): string {
  const at = new Date(instant);
  if (now.getTime() - at.getTime() < DAY_MS) return at.toLocaleTimeString("en-GB");
  return `${dayAndMonth(at)}, ${clock(at)}`;
}

/** The whole instant, local with its zone, and in UTC: for hovering. */
export function exact(instant: string): string {
  const at = new Date(instant);
  const local = at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "long" });
  return `${local} (${at.toISOString().replace(".000", "")})`;
}

/** 1 Mar, local. */
export function localDay(at: Date): string {
  return dayAndMonth(at);
}

function dayAndMonth(at: Date, zone?: string): string {
  const shape: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
  return at.toLocaleDateString("en-GB", zone ? { ...shape, timeZone: zone } : shape);
}

/** A chart bucket's name: days and weeks are UTC days, shorter ones are local. */
export function bucketName(instant: string | Date, grain: string): string {
  const at = typeof instant === "string" ? new Date(instant) : instant;
  if (grain === "week") return `week of ${dayAndMonth(at, "UTC")}`;
  if (grain === "day") return dayAndMonth(at, "UTC");
  return `${dayAndMonth(at)}, ${clock(at)}`;
}

/** How long something has been so: "3 d", "2.1 h". */
export function since(instant: string, now: Date): string {
  return seconds(Math.max(0, (now.getTime() - new Date(instant).getTime()) / 1000));
}
