/** Which of a thread's messages are in the page: a stretch that slides over all that were read, however many. */
export interface ThreadWindow {
  /** The id of the first one; those before it are not in the page. */
  readonly first: number
  /** The id of the last one; null for the end, wherever that will be. */
  readonly last: number | null
}

/** From a place in the messages on, up to another one. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

type Messages = readonly { readonly id: number }[]

/**
 * In messages: what is shown at first, what stays when one scrolls on, what is added at an edge, and what is never
 * exceeded. With a line for a day before each of them they are still less than 300 elements.
 */
export const windowSizes = { first: 50, usual: 60, step: 20, most: 140 } as const

/** The last ones, and what will come. */
export function windowAtEnd(messages: Messages): ThreadWindow {
  return { first: (messages.at(-windowSizes.first) ?? messages[0])?.id ?? 0, last: null }
}

/** A message with what is around it; `above` so many of those before it. */
export function windowAround(
  messages: Messages,
  id: number,
  above: number = windowSizes.first / 2,
): ThreadWindow {
  const from = Math.max(0, placeOf(messages, id) - above)
  return windowOf(messages, {
    from: Math.max(0, Math.min(from, messages.length - windowSizes.first)),
    to: Math.min(messages.length, from + windowSizes.usual),
  })
}

/**
 * Where the window is in the messages as they are now. It never has more than `room`: what is too much goes from the
 * top where the end is followed, and from the end where somebody reads above it.
 */
export function stretchOf(
  messages: Messages,
  { first, last }: ThreadWindow,
  { follows, room = windowSizes.most }: { follows: boolean; room?: number },
): Stretch {
  const from = placeOf(messages, first)
  const to = last === null ? messages.length : placeOf(messages, last + 1)
  // What it showed is gone, as after a long break.
  if (from >= to) return { from: Math.max(0, messages.length - windowSizes.first), to: messages.length }
  if (to - from <= room) return { from, to }
  return follows ? { from: to - room, to } : { from, to: from + room }
}

/** Some more above; of the `spare` ones that are out of sight at the other end as many go as makes it usual again. */
export function windowEarlier(messages: Messages, { from, to }: Stretch, spare: number): ThreadWindow {
  const wanted = Math.max(0, from - windowSizes.step)
  const end = to - dropped(to - wanted, spare)
  return windowOf(messages, { from: Math.max(wanted, end - windowSizes.most), to: end })
}

/** The same below. */
export function windowLater(messages: Messages, { from, to }: Stretch, spare: number): ThreadWindow {
  const wanted = Math.min(messages.length, to + windowSizes.step)
  const begin = from + dropped(wanted - from, spare)
  return windowOf(messages, { from: begin, to: Math.min(wanted, begin + windowSizes.most) })
}

function dropped(size: number, spare: number): number {
  return Math.max(0, Math.min(spare, size - windowSizes.usual))
}

function windowOf(messages: Messages, { from, to }: Stretch): ThreadWindow {
  return {
    first: messages[from]?.id ?? 0,
    last: to >= messages.length ? null : (messages[to - 1]?.id ?? null),
  }
}

/** The place of the first message that has this id or a later one, in steps that double and not one by one. */
export function placeOf(messages: Messages, id: number): number {
  let [low, high] = [0, messages.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((messages[middle]?.id ?? Infinity) < id) low = middle + 1
    else high = middle
  }
  return low
}
