/** The time of an act in milliseconds, as the shortest of several: what else the machine does only adds. */
export function fastest(act: () => unknown, runs = 7): number {
  let best = Infinity
  for (let i = 0; i < runs; i++) {
    const start = performance.now()
    act()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

/**
 * How many times longer an act takes for eight times the input: about 8 where the cost follows the length, 64
 * where it follows its square. What takes too little time to be measured counts as linear.
 */
export function growth(act: (size: number) => () => unknown, size: number): number {
  const small = act(size)
  const large = act(size * 8)
  return fastest(large) / Math.max(fastest(small), 0.05)
}
