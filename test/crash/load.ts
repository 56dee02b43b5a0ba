import { setTimeout as delay } from 'node:timers/promises'
import type { Delivery, UserHandle } from '../../src/emulator/index.js'
import { Desk, type Said } from './desk.js'
import type { Random } from './random.js'
import type { Word } from './script.js'
import type { World } from './world.js'

/** A message that a customer sent, and how its push ended for WeChat. */
export interface Written {
  readonly openId: string
  readonly number: number
  readonly word: Word | '慢' | '问'
  readonly text: string
  /** Whether WeChat was told `success`; undefined while the push is under way. */
  acknowledged: boolean | undefined
}

/** A message that a person wrote to a customer, and what the service said to them. */
export interface Spoken {
  readonly openId: string
  readonly text: string
  outcome: Said | undefined
}

export interface LoadOptions {
  readonly world: World
  readonly random: Random
  /** How many customers write at the same time. */
  readonly customers: number
  /** How many messages each writes before another takes their place. */
  readonly messages?: number
  /** How often a person writes to the customer as well, from 0 to 1. */
  readonly people?: number
}

const words: readonly [Word, ...Word[]] = ['单', '单', '单', '双', '三', '码', '码', '静', '转']

/** Customers who write one message after the other, and what is known of each. */
export class Load {
  readonly written: Written[] = []
  readonly spoken: Spoken[] = []
  readonly desk: Desk
  readonly #options: LoadOptions
  #customers = 0
  #stopping = false
  #running: Promise<unknown> | undefined

  constructor(options: LoadOptions) {
    this.#options = options
    this.desk = new Desk(options.world)
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
  async write(user: UserHandle, number: number, word: Written['word'], more = ''): Promise<Delivery> {
    const text = `${word} ${user.openId}.${number}${more}`
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
      const word = random.of(words)
      await this.write(user, number, word)
      if (random.chance(people)) await this.speak(user.openId, number)
      if (word === '转' && random.chance(0.7)) await this.desk.change(user.openId, 'release')
      await delay(random.below(60))
    }
  }

  /** A person writes to a customer, and asks again until they are told something. */
  async speak(openId: string, number: number): Promise<void> {
    const clientId = `${openId}.${number}`
    const spoken: Spoken = { openId, text: `人 ${clientId}`, outcome: undefined }
    this.spoken.push(spoken)
    spoken.outcome = await this.desk.send(openId, clientId, spoken.text)
  }
}
