/**
 * The processor time of an act in milliseconds, as the least of several: what else the machine does adds to the
 * clock's time, and hardly to this.
 */
export function cost(act: () => unknown, runs = 3): number {
  let least = Infinity
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage()
    act()
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

/**
 * Whether the cost of an act follows the size of its input: for sixteen times the size it may grow by four times
 * that, where the square would be 256. Looked at again when it seems not to, for the machine has other work;
 * what costs too little to be measured counts as linear.
 */
export function isLinear(act: (size: number) => () => unknown, size: number): boolean {
  const small = act(size)
  const large = act(size * 16)
  for (let look = 0; look < 5; look++) if (cost(large) < 64 * Math.max(cost(small), 0.05)) return true
  return false
}
