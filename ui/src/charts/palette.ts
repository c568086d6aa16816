// Okabe and Ito's eight colours (tokens --series-1 to 8): a name keeps its colour on every page.

const FIXED: Readonly<Record<string, number>> = { P50: 1, P95: 2 };
export const SERIES_COLOURS = 8;

/** Which of the eight a dimension value gets: fixed ones first, else by its name. */
export function colourOf(name: string): number {
  const fixed = FIXED[name];
  if (fixed) return fixed;
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash % SERIES_COLOURS) + 1;
}
