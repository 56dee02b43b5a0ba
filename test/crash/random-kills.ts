import { setTimeout as delay } from 'node:timers/promises'
import { Load } from './load.js'
import { Random } from './random.js'
import { judge, type Verdict } from './verdict.js'
import { within, World, type WorldOptions } from './world.js'

export interface RandomKillsOptions extends WorldOptions {
  readonly kills: number
  readonly seed: number
  readonly customers: number
  /** Ends with fewer kills at that time, in milliseconds since 1970. */
  readonly until?: number
  /** Told after each kill. */
  readonly onKill?: (kills: number) => void
}

export interface RandomKills {
  readonly kind: WorldOptions['kind']
  readonly code: boolean
  readonly kills: number
  readonly seed: number
  readonly seconds: number
  readonly verdict: Verdict
}

/** So many messages are acknowledged between two kills at most. */
const MOST_MESSAGES = 16
const LONGEST_MS = 3000

/** Ends servers with SIGKILL at random moments, also while they start, under load; then judges. */
export async function randomKills(options: RandomKillsOptions): Promise<RandomKills> {
  const { seed } = options
  const began = performance.now()
  const world = await World.open(options)
  try {
    await world.prepare()
    await world.startAll()
    const load = new Load({ world, random: new Random(seed), customers: options.customers, people: 0.2 })
    load.start()
    const killed = await killAtRandom(world, load, options)
    await within(load.stop(), 'the last customers', 240_000)
    await world.drained()
    const verdict = await judge(world, load)
    return {
      kind: options.kind,
      code: options.code,
      kills: killed,
      seed,
      seconds: (performance.now() - began) / 1000,
      verdict,
    }
  } finally {
    await world.close()
  }
}

/** Ends servers while customers write, and starts them again; returns how many it ended. */
export async function killAtRandom(
  world: World,
  load: Load,
  { kills, seed, until = Infinity, onKill }: Omit<RandomKillsOptions, 'code'>,
): Promise<number> {
  const random = new Random(seed + 1)
  let killed = 0
  while (killed < kills && Date.now() < until) {
    const victims = victimsOf(world, random)
    await someWork(load, random)
    await Promise.all(victims.map((slot) => world.kill(slot)))
    killed += victims.length
    onKill?.(killed)
    // Sometimes it ends again while it starts.
    for (const slot of victims)
      if (random.chance(0.2) && killed < kills) {
        world.launch(slot)
        await delay(random.below(500))
        await world.kill(slot)
        killed++
      }
    if (world.kind === 'postgres') await delay(random.below(600))
    await world.startAll()
  }
  return killed
}

/** Until some messages more have come in, or a few seconds are over: so that each kill comes while there is work. */
async function someWork(load: Load, random: Random): Promise<void> {
  const enough = load.acknowledged + random.below(MOST_MESSAGES)
  const giveUpAt = Date.now() + LONGEST_MS
  while (load.acknowledged < enough && Date.now() < giveUpAt) await delay(5)
  await delay(random.below(100))
}

/** One server, or now and then all of them. */
function victimsOf({ slots }: World, random: Random): readonly number[] {
  const only = slots[random.below(slots.length)] ?? 0
  return random.chance(0.25) ? slots : [only]
}
