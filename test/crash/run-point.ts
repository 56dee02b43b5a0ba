import { Load } from './load.js'
import type { Point } from './points.js'
import { Random } from './random.js'
import { broken, judge, type Verdict } from './verdict.js'
import { until, within, World, type WorldOptions } from './world.js'

/** After a process has come back, so many more messages must be acknowledged. */
const AFTERWARDS = 6

/**
 * Brings a process to its end at a point, in a world of its own, lets the next one go on, and judges. Throws when
 * what must hold does not.
 */
export async function runPoint(point: Point, options: Omit<WorldOptions, 'code'>): Promise<Verdict> {
  const world = await World.open({ ...options, code: point.code ?? false })
  try {
    if (!point.fresh) await world.prepare()
    const load = new Load({ world, random: new Random(7), customers: 6, people: 0.2 })
    await point.strike(world, load)
    await world.startAll()
    load.start()
    const before = load.acknowledged
    await until(async () => load.acknowledged >= before + AFTERWARDS, 'messages after the return')
    await within(load.stop(), 'the last customers')
    await world.drained()
    const verdict = await judge(world, load)
    const found = broken(verdict)
    if (found.length > 0) throw new Error(found.join('\n'))
    point.check?.({ world, load, verdict })
    return verdict
  } finally {
    await world.close()
  }
}
