import type { Sender } from '../bot/index.js'
import {
  CHANGED,
  type ClaimedTurn,
  type TurnClaims,
  type TurnEnd,
  type TurnEnds,
} from '../conversation/index.js'
import { isStillLive } from '../knowledge/knowledge.js'
import type { Logger } from '../log.js'
import { backoff, BackgroundLoop, type Store } from '../store/index.js'
import { limits, utf8Bytes, type OutgoingMessage } from '../wechat/index.js'
import type { Assistants } from './assistants.js'
import { defaultSettings } from './assistant-settings.js'
import type { Decider } from './decider.js'
import { noEffort, type Decision } from './decision.js'
import { mayAskModel, writeRun } from './runs.js'
import { readTurn } from './turn-reader.js'

export interface TurnWorkerOptions {
  readonly store: Store
  readonly claims: TurnClaims
  readonly ends: TurnEnds
  readonly decider: Decider
  readonly assistants: Pick<Assistants, 'live'>
  /** Shows "typing"; undefined where the Mini Program is not configured any more. */
  readonly senderOf: (appId: string) => Sender | undefined
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told what became of each try. */
  readonly onEnded?: (outcome: string, milliseconds: number) => void
}

/** How many answers are made at once. */
const AT_ONCE = 200
/** What another process opened is found also when its word was missed. */
const POLL_MS = 1000
const SOON_MS = 200
/** A turn that two processes did not live to answer is for people. */
const MOST_ATTEMPTS = 2
/** WeChat shows "typing" for 15 s. */
const TYPING_MS = 12_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

interface Running {
  readonly turn: ClaimedTurn
  readonly ends: AbortController
}

/** Answers turns: each when it is quiet, each once, and none that nobody waits for any more. */
export class TurnWorker {
  readonly #options: TurnWorkerOptions
  readonly #loop: BackgroundLoop
  readonly #running = new Map<number, Running>()
  #idle: (() => void)[] = []
  #end = (): void => undefined

  constructor(options: TurnWorkerOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.#pass(),
      everyMs: POLL_MS,
      onError: (err) => {
        options.logger.error({ err }, 'turns could not be read; they are read again in a second')
      },
    })
  }

  /** How many answers are being made. */
  get size(): number {
    return this.#running.size
  }

  /** Begins anew what an earlier process left. */
  async start(shards: readonly number[]): Promise<void> {
    this.#end = this.#options.store.signals.on('feed', () => {
      // Somebody may have taken one of them.
      if (this.#running.size > 0) this.wakeSoon()
    })
    await this.adopt(shards)
    this.#loop.start()
  }

  /** Takes over what another process had begun in these shards. */
  async adopt(shards: readonly number[]): Promise<void> {
    for (const pause of backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
      if (this.#loop.isStopped) return
      try {
        await this.#options.claims.recover(shards)
        this.wake()
        return
      } catch (err) {
        this.#options.logger.error({ err, pause }, 'the turns of another process could not be taken over yet')
      }
      await this.#options.wait(pause)
    }
  }

  /** Looks for what is due, and for what nobody waits for: to be called after a commit that may have changed either. */
  wake(): void {
    this.#loop.wake()
  }

  /** The same where much is committed: whether turns are still wanted is asked a few times a second, not at each commit. */
  wakeSoon(): void {
    this.#loop.wakeIn(SOON_MS)
  }

  /** Ends what runs in some shards, before another process gets them. */
  async leave(shards: readonly number[]): Promise<void> {
    const inThem = (): boolean => [...this.#running.values()].some(({ turn }) => shards.includes(turn.shard))
    for (const { turn, ends } of this.#running.values()) if (shards.includes(turn.shard)) ends.abort()
    while (inThem()) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Begins nothing more and ends what runs; the next start begins it anew. */
  async stop(): Promise<void> {
    this.#end()
    await this.#loop.stop()
    for (const { ends } of this.#running.values()) ends.abort()
    while (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #pass(): Promise<number | undefined> {
    const { claims } = this.#options
    const turns = [...this.#running.values()].map(({ turn }) => turn)
    for (const { id } of await claims.unwanted(turns)) this.#running.get(id)?.ends.abort()
    for (const turn of await claims.claim(AT_ONCE - this.#running.size)) void this.#run(turn)
    return claims.nextIn()
  }

  async #run(turn: ClaimedTurn): Promise<void> {
    const { logger, onEnded, now } = this.#options
    const ends = new AbortController()
    // A version that was given up may not have ended yet.
    this.#running.get(turn.id)?.ends.abort()
    const running = { turn, ends }
    this.#running.set(turn.id, running)
    const started = now()
    try {
      const outcome = await this.#answer(turn, ends.signal)
      onEnded?.(outcome, now() - started)
    } catch (err) {
      logger.error({ err, turnId: turn.id }, 'a turn could not be answered; it is begun anew')
      await this.#giveBack(turn)
    } finally {
      if (this.#running.get(turn.id) === running) this.#running.delete(turn.id)
      for (const resolve of this.#idle.splice(0)) resolve()
      this.wake()
    }
  }

  async #answer(turn: ClaimedTurn, signal: AbortSignal): Promise<string> {
    const { store, now, assistants } = this.#options
    const content = await readTurn(store, turn, now())
    if (!content) return 'gone'
    const live = assistants.live(turn.assistant)
    const settings = live?.settings ?? defaultSettings
    const typing = this.#type(content.appId, content.openId, signal)
    try {
      // Once more where the entry was changed meanwhile.
      for (const isLast of [false, true]) {
        const decision: Decision =
          turn.attempts > MOST_ATTEMPTS
            ? { ...noEffort, kind: 'handoff', reason: 'assistant_failed', words: settings.words.handover }
            : live === undefined
              ? { ...noEffort, kind: 'handoff', reason: 'assistant_off', words: settings.words.handover }
              : await this.#options.decider.decide(settings, {
                  ...content,
                  mayAsk: await mayAskModel(store, turn.conversationId, now()),
                  signal,
                  withinMs: Math.max(turn.deadlineAt - now(), 1000),
                })
        const outcome = await this.#commit(turn, live?.version ?? null, decision, settings.words.handover)
        if (outcome !== CHANGED || isLast) return outcome
      }
      return CHANGED
    } finally {
      await typing.stop()
    }
  }

  async #commit(
    turn: ClaimedTurn,
    version: number | null,
    decision: Decision,
    handover: string,
  ): Promise<string> {
    const { ends, now } = this.#options
    const note: Parameters<TurnEnds['end']>[2] = (tx, ended) =>
      writeRun(tx, turn, version, decision, ended, now())
    const ended = await ends.end(turn, this.#endOf(decision, handover), note)
    return ended === CHANGED ? CHANGED : ended.outcome
  }

  #endOf(decision: Decision, handover: string): TurnEnd {
    switch (decision.kind) {
      case 'silence':
        return { kind: 'silence' }
      case 'handoff':
        return { kind: 'handoff', reason: decision.reason, words: decision.words }
      // Nobody waits for it any more, which the commit notices; else it was ended with the process.
      case 'aborted':
        return { kind: 'aborted' }
      case 'words':
        return { kind: 'answer', messages: [textOf(decision.text)], isStillTrue: async () => true }
      case 'entry': {
        const { entry } = decision
        // An older release let an answer be longer than one message.
        if (utf8Bytes(entry.text) > limits.textBytes)
          return { kind: 'handoff', reason: 'not_known', words: handover }
        return {
          kind: 'answer',
          messages: entry.extra === null ? [textOf(entry.text)] : [textOf(entry.text), entry.extra],
          isStillTrue: (tx) => isStillLive(tx, entry.id, entry.version, this.#options.now()),
        }
      }
    }
  }

  /** Shows the customer that somebody types, until it is stopped. What goes wrong with that stops nothing. */
  #type(appId: string, openId: string, signal: AbortSignal): { stop(): Promise<void> } {
    const { senderOf, logger, wait } = this.#options
    const sender = senderOf(appId)
    const over = new AbortController()
    const ends = AbortSignal.any([signal, over.signal])
    const show = async (on: boolean): Promise<void> => {
      await sender?.setTyping(openId, on).catch((err: unknown) => {
        logger.debug({ err }, '“typing” could not be shown')
      })
    }
    const going = (async () => {
      while (!ends.aborted) {
        await show(true)
        await Promise.race([wait(TYPING_MS), aborted(ends)])
      }
    })()
    going.catch(() => undefined)
    return {
      async stop() {
        over.abort()
        await show(false)
      },
    }
  }

  async #giveBack(turn: ClaimedTurn): Promise<void> {
    await this.#options.wait(FIRST_PAUSE_MS)
    await this.#options.claims.giveBack(turn).catch(() => undefined)
  }
}

function textOf(content: string): OutgoingMessage {
  return { msgType: 'text', content }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
}
