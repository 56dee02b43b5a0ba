import { useIntervalFn } from '@vueuse/core'
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { Language } from '../../both/i18n.js'
import { timesIn, type Times } from '../text/time.js'
import { storeKey } from './store-key.js'

/** The time, and how it is said. */
export interface Clock {
  /** Milliseconds since 1970 on the server's clock, each second anew. */
  now: Ref<number>
  /** Times in the zone that an admin set. */
  times: ComputedRef<Times>
}

export const [clockKey, useClock] = storeKey<Clock>('clock')

/** Goes for as long as the effect scope lasts; `ahead` is how many milliseconds the server's clock is ahead. */
export function createClock(
  ahead: () => number,
  { zone, language }: { zone: Readonly<Ref<string>>; language: Readonly<Ref<Language>> },
): Clock {
  const read = (): number => Date.now() + ahead()
  const now = ref(read())
  useIntervalFn(() => {
    now.value = read()
  }, 1000)
  return { now, times: computed(() => timesIn(zone.value, language.value)) }
}
