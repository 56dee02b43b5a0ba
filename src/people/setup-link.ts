import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { addSetting, removeSetting, writeSetting, type Store, type Tx } from '../store/index.js'
import type { Agents } from './agents.js'
import type { Agent } from './agent-rows.js'
import { httpErrorFor, type HttpError } from '../http/http-error.js'

const SETTING = 'setup_links'
/** Links that hold at once: one for each of the processes that started last. */
const MAX_LINKS = 8
const MAX_AGE_MS = 7 * 24 * 3_600_000

interface Link {
  readonly hash: string
  readonly until: number
}

export interface SetupLinkOptions {
  readonly store: Store
  readonly agents: Agents
  readonly now: () => number
}

/** The one-time link by which the first admin is made. It holds until it is used, or somebody is an admin. */
export class SetupLink {
  readonly #options: SetupLinkOptions

  constructor(options: SetupLinkOptions) {
    this.#options = options
  }

  /** Whether nobody may administer yet. */
  async needed(): Promise<boolean> {
    return !(await this.#options.agents.hasAdmin())
  }

  /** Makes a link's token, of which a hash is kept; undefined when there is an admin. */
  async make(): Promise<string | undefined> {
    const { store, agents, now } = this.#options
    const token = randomBytes(24).toString('base64url')
    return store.db.transaction().execute(async (tx) => {
      if (await agents.hasAdmin(tx)) return undefined
      // Processes that start at once add to the list one after the other.
      await addSetting(tx, SETTING, '[]')
      const links = await this.#links(tx, true)
      const kept = [...links, { hash: digest(token).toString('base64url'), until: now() + MAX_AGE_MS }]
      await writeSetting(tx, SETTING, JSON.stringify(kept.slice(-MAX_LINKS)))
      return token
    })
  }

  /** Makes the first admin. Throws HttpError when the link doesn't hold; of several at once, one succeeds. */
  async use(token: string, name: string, password: string, address: string): Promise<Agent> {
    const { store, agents } = this.#options
    const links = await this.#links(store.db, false)
    if (!holds(links, token)) throw refused()
    return agents.add(
      { name, password, role: 'admin', apps: 'all' },
      { actor: { kind: 'nobody' }, address },
      async (tx) => {
        // Who removes the list has used it; another waits for the row, and then finds none.
        if (!(await removeSetting(tx, SETTING)) || (await agents.hasAdmin(tx))) throw refused()
      },
    )
  }

  async #links(db: Store['db'] | Tx, hold: boolean): Promise<Link[]> {
    const row = await db
      .selectFrom('setting')
      .select('value')
      .where('key', '=', SETTING)
      .$if(hold && this.#options.store.dialect === 'postgres', (query) => query.forUpdate())
      .executeTakeFirst()
    const links = row ? (JSON.parse(row.value) as Link[]) : []
    return links.filter(({ until }) => until > this.#options.now())
  }
}

function holds(links: readonly Link[], token: string): boolean {
  const shown = digest(token)
  return links.some(({ hash }) => timingSafeEqual(Buffer.from(hash, 'base64url'), shown))
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function refused(): HttpError {
  return httpErrorFor(
    'link_ended',
    'forbidden',
    'This link does not hold any more: it was used, or is too old. Start kefu again for a new one, or use kefu agent add.',
  )
}
