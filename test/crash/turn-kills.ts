import { setTimeout as delay } from 'node:timers/promises'
import type { ModelFaultInput } from '../../src/emulator/model/model-input.js'
import { Load } from './load.js'
import { Random } from './random.js'
import { killAtRandom, type RandomKillsOptions } from './random-kills.js'
import { ASSISTANT, assistantRules, topics } from './script.js'
import { brokenTurns, readTurns } from './turn-verdict.js'
import { until, within, World } from './world.js'

/** A time in which a person had a customer. */
export interface Hold {
  readonly openId: string
  /** What they wrote first. */
  readonly text: string
  /** Milliseconds since 1970, when the person was told. */
  readonly takenAt: number
  /** When the conversation was given back; undefined where it was kept. */
  releasedAt: number | undefined
}

export interface TurnKills {
  readonly kind: 'sqlite' | 'postgres'
  readonly kills: number
  readonly seed: number
  readonly seconds: number
  readonly messages: number
  readonly acknowledged: number
  readonly turns: number
  readonly answered: number
  readonly handedOff: number
  /** Turns whose answer was begun more than once, as a process ended meanwhile. */
  readonly begunAgain: number
  readonly takes: number
  readonly shardsMoved: number
  readonly broken: readonly string[]
}

const BURST = 3

/** Customers who ask an assistant, some of whom a person takes while it thinks. */
class Askers {
  readonly load: Load
  readonly holds: Hold[] = []
  readonly #world: World
  readonly #random: Random
  #customers = 0
  #stopping = false
  #running: Promise<unknown> | undefined

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
    this.load = new Load({ world, random, customers: 0 })
  }

  start(customers: number): void {
    this.#running = Promise.all(
      Array.from({ length: customers }, async () => {
        while (!this.#stopping) await this.#customer()
      }),
    )
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  async #customer(): Promise<void> {
    const random = this.#random
    const user = this.#world.emulator.user(`oask${++this.#customers}`)
    let number = 0
    for (const [title] of topics) {
      if (this.#stopping) return
      for (let left = 1 + random.below(BURST); left > 0; left--) {
        await this.load.write(user, ++number, '问', `，${title}？`)
        await delay(random.below(500))
      }
      if (random.chance(0.25)) await this.#take(user.openId, number)
      await delay(500 + random.below(2500))
    }
  }

  async #take(openId: string, number: number): Promise<void> {
    const { desk } = this.load
    await delay(this.#random.below(1500))
    if ((await desk.change(openId, 'take')) !== 'done') return
    const takenAt = Date.now()
    const text = `人 ${openId}.${number}`
    const hold: Hold = { openId, text, takenAt, releasedAt: undefined }
    this.holds.push(hold)
    await desk.send(openId, `${openId}.${number}`, text)
    await delay(this.#random.below(1500))
    hold.releasedAt = Date.now()
    await desk.change(openId, 'release')
  }
}

/** Ends servers while assistants answer, a model thinks and people take over; then judges. */
export async function turnKills(options: Omit<RandomKillsOptions, 'code'>): Promise<TurnKills> {
  const { kind, seed, customers } = options
  const began = performance.now()
  const world = await World.open({ ...options, code: false })
  try {
    await world.prepare(assistantRules)
    await world.startAll()
    await openAssistant(world)
    const random = new Random(seed)
    const askers = new Askers(world, random)
    askers.start(customers)
    const trouble = makeTrouble(world, new Random(seed + 2))
    const kills = await killAtRandom(world, askers.load, options)
    trouble.stop()
    await within(askers.stop(), 'the last customers', 240_000)
    world.emulator.model.heal()
    await world.drained()
    await until(async () => (await openTurns(world)) === 0, 'every turn to end')
    await world.drained()
    await world.stop()
    const kept = await world.withStore(readTurns)
    return {
      kind,
      kills,
      seed,
      seconds: (performance.now() - began) / 1000,
      messages: askers.load.written.length,
      acknowledged: askers.load.acknowledged,
      turns: kept.turns.length,
      answered: kept.turns.filter(({ state }) => state === 'answered').length,
      handedOff: kept.turns.filter(({ state }) => state === 'handed_off').length,
      begunAgain: kept.turns.filter(({ attempts }) => attempts > 1).length,
      takes: askers.holds.length,
      shardsMoved: kept.shardsMoved,
      broken: brokenTurns(kept, askers.load.written, askers.holds, world.wire.arrivals),
    }
  } finally {
    await world.close()
  }
}

/** The model is slow at times, silent or out of order at others. */
function makeTrouble(world: World, random: Random): { stop(): void } {
  const { model } = world.emulator
  const timer = setInterval(() => {
    if (model.faults.length > 3) return
    const fault = random.of<ModelFaultInput>([
      { delayMs: 200 },
      { delayMs: 1500 },
      { hang: 'first' },
      { hang: 'middle' },
      { cut: true },
      { status: 500 },
    ])
    model.fail({ ...fault, times: 1 })
  }, 400)
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

async function openAssistant(world: World): Promise<void> {
  const put = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`${world.anyUrl()}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${world.apiKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
  }
  for (const [title, text] of topics) await put('POST', '/knowledge/entries', { entry: { title, text } })
  const main = { preset: 'openai', url: `${world.emulator.url}/_model/v1`, model: 'fake', key: 'sk-fake' }
  await put('PUT', '/model', { main })
  const at = `/assistants/${encodeURIComponent(ASSISTANT)}`
  await put('PUT', at, {})
  await put('POST', `${at}/publish`)
}

async function openTurns(world: World): Promise<number> {
  const response = await fetch(`${world.anyUrl()}/api/v1/conversations?limit=200`, {
    headers: { authorization: `Bearer ${world.apiKey}` },
  })
  const { items } = (await response.json()) as { items: { turn: object | null }[] }
  return items.filter(({ turn }) => turn !== null).length
}
