// Incomplete buckets are drawn dashed.

/** Incomplete values, joined to the last complete one so that the dash has a start. */
export function openTail(
  values: (number | null)[],
  isComplete: readonly boolean[],
): (number | null)[] {
  return values.map((value, i) => {
    const leadsIn = isComplete[i] && isComplete[i + 1] === false;
    return !isComplete[i] || leadsIn ? value : null;
  });
}
