import { setTimeout as delay } from 'node:timers/promises'
import type { Delivery, UserHandle } from '../../src/emulator/index.js'
import { callControl } from '../../src/server/control-client.js'
import type { Random } from './random.js'
import type { Word } from './script.js'
import type { World } from './world.js'

/** A message that a customer sent, and how its push ended for WeChat. */
export interface Written {
  readonly openId: string
  readonly number: number
  readonly word: Word | '慢'
  readonly text: string
  /** Whether WeChat was told `success`; undefined while the push is under way. */
  acknowledged: boolean | undefined
}

/** A message that a person wrote to a customer, and whether the service said that WeChat has it. */
export interface Said {
  readonly openId: string
  readonly text: string
  accepted: boolean
}

export interface LoadOptions {
  readonly world: World
  readonly random: Random
  /** How many customers write at the same time. */
  readonly customers: number
  /** How many messages each writes before another takes their place. */
  readonly messages?: number
  readonly words?: readonly [Word, ...Word[]]
  /** How often a person writes to the customer as well, from 0 to 1. */
  readonly people?: number
}

const words: readonly [Word, ...Word[]] = ['单', '单', '单', '双', '三', '码', '码', '静', '转']

/** Customers who write one message after the other, and what is known of each. */
export class Load {
  readonly written: Written[] = []
  readonly said: Said[] = []
  readonly #options: LoadOptions
  #customers = 0
  #stopping = false
  #running: Promise<unknown> | undefined

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** Lets customers come and go until `stop`. */
  start(): void {
    this.#running ??= Promise.all(
      Array.from({ length: this.#options.customers }, async () => {
        while (!this.#stopping) await this.#customer(() => this.#stopping)
      }),
    )
  }

  /** Resolves when nobody writes any more; their pushes have ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  get acknowledged(): number {
    return this.written.filter((each) => each.acknowledged).length
  }

  /** Sends one message, and notes how its push ends. */
  async write(user: UserHandle, number: number, word: Written['word']): Promise<Delivery> {
    const text = `${word} ${user.openId}.${number}`
    const written: Written = { openId: user.openId, number, word, text, acknowledged: undefined }
    this.written.push(written)
    const delivery = await user.sends(text)
    written.acknowledged = delivery.answer === 'success'
    return delivery
  }

  async #customer(enough: () => boolean): Promise<void> {
    const { world, random, messages = 8, people = 0 } = this.#options
    const user = world.emulator.user(`o${++this.#customers}`)
    if (random.chance(0.3)) await user.enters()
    for (let number = 1; number <= messages && !enough(); number++) {
      await this.write(user, number, random.of(this.#options.words ?? words))
      if (random.chance(people)) await this.say(user.openId, number)
      await delay(random.below(60))
    }
  }

  /** A person's message, by the way that `kefu send` takes. Never asked for twice: it could be sent twice. */
  async say(openId: string, number: number): Promise<void> {
    const { world, random } = this.#options
    const text = `人 ${openId}.${number}`
    const said: Said = { openId, text, accepted: false }
    this.said.push(said)
    const slot = random.below(world.slots.length)
    try {
      const answer = await callControl(world.dataDir(slot), 'send', { openId, text })
      const outcome = JSON.stringify(answer.running ? answer.result : null)
      said.accepted = outcome.includes('"accepted"')
    } catch {
      // Refused, or the server went away.
    }
  }
}
