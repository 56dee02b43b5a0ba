import type { Way } from './check-pushes.js'
import type { CheckRow } from './check-row.js'
import { judgeGenuine, judgeRepeat, worse } from './judgement.js'
import { shapesOf } from './odd-shapes.js'
import type { PushCheckOptions } from './base-checks.js'

/** Pushes each of WeChat's shapes once. */
export async function* checkShapes(
  way: Way,
  { line, pushes, timeoutMs }: PushCheckOptions,
): AsyncGenerator<CheckRow> {
  for (const shape of shapesOf(way.format)) {
    const outcome = await line.push(pushes.shaped(shape, way))
    if (!outcome) return
    const showsFailure = shape.check === 'push.enter' || shape.fields['MsgType'] !== 'event'
    yield {
      check: shape.check,
      ...way,
      ms: outcome.ms,
      ...judgeGenuine(outcome, { timeoutMs, showsFailure }),
    }
  }
}

/** Pushes one text three times, two of them at once, and then two texts of one second. */
export async function* checkRepeats(
  way: Way,
  { line, pushes, timeoutMs, quickMs }: PushCheckOptions & { readonly quickMs: number },
): AsyncGenerator<CheckRow> {
  const written = pushes.text(way)
  const [first, beside] = await Promise.all([line.push(written), line.push(written)])
  const later = await line.push(written)
  if (!first || !beside || !later) return
  const bounds = { timeoutMs, quickMs: timeoutMs }
  const atOnce = worse(judgeRepeat(beside, first, bounds), judgeRepeat(first, beside, bounds))
  yield { check: 'repeat.atOnce', ...way, ms: Math.max(first.ms, beside.ms), ...atOnce }
  yield {
    check: 'repeat.later',
    ...way,
    ms: later.ms,
    ...judgeRepeat(first, later, { timeoutMs, quickMs }),
  }

  const [one, other] = pushes.twins(way)
  const [oneOutcome, otherOutcome] = [await line.push(one), await line.push(other)]
  if (!oneOutcome || !otherOutcome) return
  const shown = { timeoutMs, showsFailure: true }
  yield {
    check: 'repeat.sameSecond',
    ...way,
    ms: Math.max(oneOutcome.ms, otherOutcome.ms),
    ...worse(judgeGenuine(oneOutcome, shown), judgeGenuine(otherOutcome, shown)),
  }
}
