/**
 * How many cases a property is tried with: `inCi` where CI=true, else few, so that a run on a laptop stays short.
 * `KEFU_PROPERTY_RUNS` sets one number for both.
 */
export function runs(inCi = 500, locally = 25): number {
  const given = process.env['KEFU_PROPERTY_RUNS']
  if (given !== undefined) return Number(given)
  return process.env['CI'] === 'true' ? inCi : Math.min(locally, inCi)
}
