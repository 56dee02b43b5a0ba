import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeKinds } from '../stores.js'
import { compile, type Compiled } from './compiled.js'
import { points } from './points.js'
import { randomKills } from './random-kills.js'
import { runPoint } from './run-point.js'
import { broken } from './verdict.js'

/** The short form of `npm run crash`: on PostgreSQL these, on SQLite all. */
const onPostgres = new Set([
  'after-push-commit-before-ack',
  'in-handling-before-commit',
  'accepted-before-answer',
  'taking-over-at-start',
  'during-lease-renewal',
  'one-of-two-ends',
  'away-beyond-its-lease',
])
const KILLS = 5
const SLOW = 300_000

const kinds = await storeKinds()
let compiled: Compiled

beforeAll(async () => {
  compiled = await compile()
}, SLOW)
afterAll(() => {
  compiled.remove()
})

describe.concurrent.each(kinds)('kefu on %s, ended with kill -9', (kind) => {
  const here = points.filter(
    ({ name, only }) => (only ?? kind) === kind && (kind === 'sqlite' || onPostgres.has(name)),
  )
  it.each(here)(
    '$name: $holds',
    async (point) => {
      await runPoint(point, { compiled, kind })
    },
    SLOW,
  )

  it.each([false, true])(
    'at random under load keeps what it promises (handlers in code: %s)',
    async (code) => {
      const seed = Date.now() % 1_000_000
      const { verdict } = await randomKills({ compiled, kind, code, kills: KILLS, seed, customers: 10 })
      expect(broken(verdict), `seed ${seed}`).toEqual([])
      expect(verdict.acknowledged).toBeGreaterThan(0)
    },
    SLOW,
  )
})
