/** Pauses without end, each twice as long as the one before, up to the longest; in milliseconds. */
export function* backoff(firstMs: number, longestMs: number): Generator<number, never> {
  for (let pause = firstMs; ; pause = Math.min(pause * 2, longestMs)) yield pause
}
