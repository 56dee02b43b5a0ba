/** Calls `act` every so many milliseconds, and keeps no process alive for it; returns the function that ends it. */
export function every(milliseconds: number, act: () => void): () => void {
  const timer = setInterval(act, milliseconds).unref()
  return () => {
    clearInterval(timer)
  }
}
