import { ref, type Ref } from 'vue'
import type { Why } from './alerts.js'
import { storeKey } from '../stores/store-key.js'

/** The sounds of the desk, made by the browser itself: no file that could fail to load. */
export interface Chime {
  /** Whether the browser lets this page sound: it wants a gesture first. */
  isAllowed: Ref<boolean>
  /** To be called from a gesture. */
  allow(): Promise<void>
  ring: (why: Why) => void
}

export const [chimeKey, useChime] = storeKey<Chime>('chime')

/**
 * Two notes up for who waits, two down for who was handed over, one soft note for a message of one's own: each frequency
 * with its beginning in seconds.
 */
const melodies = {
  waiting: [
    [659.25, 0],
    [880, 0.16],
    [659.25, 0.55],
    [880, 0.71],
  ],
  handed: [
    [880, 0],
    [659.25, 0.16],
    [880, 0.55],
    [659.25, 0.71],
  ],
  mine: [[783.99, 0]],
} as const

export function createChime(open: () => AudioContext): Chime {
  let context: AudioContext | undefined
  const isAllowed = ref(false)

  function opened(): AudioContext {
    if (context === undefined) {
      const made = open()
      context = made
      made.onstatechange = () => {
        isAllowed.value = made.state === 'running'
      }
    }
    return context
  }

  return {
    isAllowed,
    async allow() {
      const made = opened()
      await made.resume()
      isAllowed.value = made.state === 'running'
    },
    ring(why) {
      const made = opened()
      if (made.state !== 'running') return
      for (const [frequency, after] of melodies[why]) note(made, frequency, made.currentTime + after)
    },
  }
}

function note(context: AudioContext, frequency: number, at: number): void {
  const [tone, overtone, gain] = [
    context.createOscillator(),
    context.createOscillator(),
    context.createGain(),
  ]
  tone.frequency.value = frequency
  overtone.frequency.value = frequency * 2
  const soft = context.createGain()
  soft.gain.value = 0.18
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.32, at + 0.015)
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.5)
  tone.connect(gain)
  overtone.connect(soft).connect(gain)
  gain.connect(context.destination)
  for (const oscillator of [tone, overtone]) {
    oscillator.start(at)
    oscillator.stop(at + 0.55)
  }
}
