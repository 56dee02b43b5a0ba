import {
  feedPurge,
  messagePurge,
  pushPurge,
  Retention,
  type Kept,
  type Shards,
} from '../conversation/index.js'
import { purgePictures, type PictureStore } from '../media/index.js'
import { turnPurge } from '../assistant/runs.js'
import type { Store } from '../store/index.js'
import type { Config } from '../config/config.js'
import type { Runtime } from './core.js'

const DAY_MS = 86_400_000
/** WeChat makes its last attempt within a minute; a push that is older than we take is refused as stale. */
const REPEAT_MS = 3_600_000

/** Returns since when pushes were kept that may still come again: since ever, where none is refused for its age. */
export function repeatableSince(
  { pushMaxAgeSeconds }: Pick<Config, 'pushMaxAgeSeconds'>,
  now: number,
): number {
  return pushMaxAgeSeconds === 0 ? 0 : now - pushMaxAgeSeconds * 1000 - REPEAT_MS
}

/** Deletes old data as the configuration says. Off where it says nothing. */
export function retentionOf(
  {
    keepDays,
    keepRunsDays,
    pushMaxAgeSeconds,
  }: Pick<Config, 'keepDays' | 'keepRunsDays' | 'pushMaxAgeSeconds'>,
  {
    logger,
    now,
    wait,
    store,
    shards,
    pictures,
  }: Runtime & {
    readonly store: Store
    readonly shards: Pick<Shards, 'has'>
    readonly pictures: PictureStore
  },
): Retention {
  const all: { name: keyof Config['keepDays']; purge: Kept['purge']; atLeastMs?: number }[] = [
    // Pictures first: a message's own go with it.
    { name: 'media', purge: (before, from, most) => purgePictures(store, pictures, before, from, most) },
    { name: 'messages', purge: messagePurge(store, (names) => pictures.remove(names)) },
    // As long as the same push may come again it must be known.
    { name: 'pushes', purge: pushPurge(store), atLeastMs: pushMaxAgeSeconds * 1000 + REPEAT_MS },
    { name: 'feed', purge: feedPurge(store) },
  ]
  const runs = { name: 'runs', purge: turnPurge(store), forMs: keepRunsDays * DAY_MS }
  const kept = all.flatMap(({ name, purge, atLeastMs = 0 }) => {
    const days = keepDays[name]
    return days === undefined ? [] : [{ name, purge, forMs: Math.max(days * DAY_MS, atLeastMs) }]
  })
  return new Retention({
    logger,
    now,
    wait,
    kept: [...kept, runs],
    mine: () => shards.has(0),
  })
}
