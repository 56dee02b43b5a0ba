import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeKinds } from '../stores.js'
import { compile, type Compiled } from './compiled.js'
import { points } from './points.js'
import { randomKills } from './random-kills.js'
import { runPoint } from './run-point.js'
import { turnKills } from './turn-kills.js'
import { broken } from './verdict.js'

/** The short form of `npm run crash`: these points, and a few kills at random. */
const shortForm = {
  sqlite: new Set([
    'during-migration',
    'before-push-commit',
    'after-push-commit-before-ack',
    'after-ack',
    'in-handler-after-a-reply',
    'in-handling-before-commit',
    'leave-committed-before-request',
    'accepted-before-answer',
    'answer-received-before-outcome-commit',
    'taking-over-at-start',
    'during-stop',
    'person-wrote-after-commit',
  ]),
  postgres: new Set(['after-push-commit-before-ack', 'accepted-before-answer', 'one-of-two-ends']),
}
const KILLS = 4
const SLOW = 300_000

const kinds = await storeKinds()
let compiled: Compiled

beforeAll(async () => {
  compiled = await compile()
}, SLOW)
afterAll(() => {
  compiled.remove()
})

describe.each(kinds)('kefu on %s, ended with kill -9', (kind) => {
  const here = points.filter(({ name, only }) => (only ?? kind) === kind && shortForm[kind].has(name))
  it.each(here)(
    '$name: $holds',
    async (point) => {
      await runPoint(point, { compiled, kind })
    },
    SLOW,
  )

  it(
    'keeps what it promises when it is ended at random under load',
    async () => {
      const seed = Date.now() % 1_000_000
      const { verdict } = await randomKills({
        compiled,
        kind,
        code: kind === 'postgres',
        kills: KILLS,
        seed,
        customers: 8,
      })
      expect(broken(verdict), `seed ${seed}`).toEqual([])
    },
    SLOW,
  )

  it(
    'answers each turn once, or has people do it, when it is ended while assistants answer',
    async () => {
      const seed = Date.now() % 1_000_000
      const { broken: found } = await turnKills({ compiled, kind, kills: KILLS, seed, customers: 8 })
      expect(found, `seed ${seed}`).toEqual([])
    },
    SLOW,
  )
})
