import { useResizeObserver } from '@vueuse/core'
import {
  computed,
  nextTick,
  onBeforeUnmount,
  onMounted,
  ref,
  shallowRef,
  watch,
  type ComputedRef,
  type Ref,
} from 'vue'
import type { Pending } from '../composer/machine/pending.js'
import type { Thread } from './threads.js'
import { firstFreshOf, incomingSince } from '../../text/thread-items.js'
import { useFreshLine } from './fresh-line.js'
import { useKeptPlace } from './kept-place.js'
import {
  placeOf,
  stretchOf,
  windowAround,
  windowAtEnd,
  windowEarlier,
  windowLater,
  windowSizes,
  type Stretch,
  type ThreadWindow,
} from './thread-window.js'

/** How near the end counts as following the thread, in pixels. */
const near = 80
/** How near the beginning of what was read older messages are asked for, in pixels. */
const nearBegin = 160
/** At least so much of the thread is in the page beyond what is seen, in pixels. */
const leastBeyond = 600
/** Messages under way that are shown, the last ones. */
const mostPending = 40
/** For so long after the window was moved a screen reader takes what came into the page for old, in milliseconds. */
const settleMs = 400

export interface ThreadScrollOptions {
  thread: () => Thread
  /** What scrolls, and the messages in it. */
  log: Readonly<Ref<HTMLElement | null>>
  inner: Readonly<Ref<HTMLElement | null>>
  /** Reads the page before the first message. */
  readEarlier: () => Promise<void>
  /** The thread, if it is still kept when nobody looks any more. */
  kept: () => Thread | undefined
}

export interface ThreadScroll {
  /** The messages that are in the page. */
  stretch: ComputedRef<Stretch>
  pending: ComputedRef<Pending[]>
  firstFresh: ComputedRef<number | null>
  /** Whether the end is in sight and stays there. */
  follows: Ref<boolean>
  reachesEnd: ComputedRef<boolean>
  /** Whether what comes into the page now is not news. */
  isSettling: Ref<boolean>
  /** How many of the customer's messages came below what is read. */
  newCount: ComputedRef<number>
  /** Whether a message is in the page. */
  has: (id: number) => boolean
  onScroll: () => void
  /** Reads older messages. */
  earlier: () => Promise<void>
  toEnd: () => Promise<void>
  /** To the first message that was read; what is before it is asked for. */
  toBegin: () => Promise<void>
}

/** Which part of a thread is in the page, and that what is read stays in its place, whatever comes above or below. */
export function useThreadScroll({
  thread,
  log,
  inner,
  readEarlier,
  kept,
}: ThreadScrollOptions): ThreadScroll {
  const follows = ref(true)
  /** The last message when the agent scrolled away from the end: what came after it is counted. */
  const leftAt = ref(0)
  const isSettling = ref(true)
  const firstFresh = computed(() => firstFreshOf(thread().messages, thread().fresh))
  const window = shallowRef(firstWindow())
  const pending = computed(() => thread().pending.slice(-mostPending))
  const stretch = computed<Stretch>(() =>
    stretchOf(thread().messages, window.value, {
      follows: follows.value,
      room: windowSizes.most - pending.value.length,
    }),
  )
  const reachesEnd = computed(() => stretch.value.to === thread().messages.length)
  const place = useKeptPlace(log, inner)
  const { shown, topOf, below } = place
  const freshLine = useFreshLine(firstFresh, inner, topOf, standHere)
  let isFilling = false
  let settling: ReturnType<typeof setTimeout> | undefined

  function firstWindow(): ThreadWindow {
    const { messages, leftAt, fresh } = thread()
    if (leftAt !== null && fresh.count === 0) return windowAround(messages, leftAt.id)
    const atEnd = windowAtEnd(messages)
    const first = firstFresh.value
    return first !== null && first < atEnd.first ? windowAround(messages, first, 5) : atEnd
  }

  /** Comes before whatever brings messages into the page that are not new. */
  function settle(): void {
    isSettling.value = true
    clearTimeout(settling)
    settling = setTimeout(() => {
      isSettling.value = false
    }, settleMs)
  }

  function keepPlace(): void {
    if (follows.value && log.value) log.value.scrollTop = log.value.scrollHeight
    else place.keep()
  }

  function follow(now: boolean): void {
    if (follows.value && !now) leftAt.value = thread().messages.at(-1)?.id ?? 0
    follows.value = now
  }

  function onScroll(): void {
    if (!follows.value) place.follow()
    standHere()
  }
  function standHere(): void {
    follow(reachesEnd.value && below() < near)
    place.hold()
    void fill()
  }

  /** Brings into the page what comes next at the edge that is near, until none is or there is no more. */
  async function fill(): Promise<void> {
    if (isFilling) return
    isFilling = true
    while (slide()) {
      const focused = document.activeElement
      await nextTick()
      // Whoever was at a button of a message that is out of the page now goes on from the log.
      if (focused?.isConnected === false) log.value?.focus({ preventScroll: true })
      keepPlace()
    }
    isFilling = false
    const { next, loading, failed } = thread()
    const isAtBegin = stretch.value.from === 0 && (log.value?.scrollTop ?? Infinity) < nearBegin
    if (isAtBegin && typeof next === 'string' && !loading && !failed) await earlier()
  }

  /** Whether the window was moved. */
  function slide(): boolean {
    const element = log.value
    if (!element) return false
    const { messages } = thread()
    const before = stretch.value
    const edge = Math.max(leastBeyond, element.clientHeight)
    if (element.scrollTop < edge && before.from > 0) {
      const limit = element.clientHeight + 2 * edge
      window.value = windowEarlier(
        messages,
        before,
        spare(before, shown().reverse(), (one) => topOf(one) > limit),
      )
    } else if (below() < edge && before.to < messages.length)
      window.value = windowLater(
        messages,
        before,
        spare(before, shown(), (one) => topOf(one) + one.offsetHeight < -2 * edge),
      )
    const isMoved = stretch.value.from !== before.from || stretch.value.to !== before.to
    if (isMoved) settle()
    return isMoved
  }

  /** How many may go from one end; as long as there is room none where somebody selects text. */
  function spare(
    { from, to }: Stretch,
    fromEdge: HTMLElement[],
    isFar: (one: HTMLElement) => boolean,
  ): number {
    const selection = document.getSelection()
    const isSelecting =
      selection?.isCollapsed === false && inner.value?.contains(selection.anchorNode) === true
    if (isSelecting && to - from < windowSizes.most) return 0
    const first = fromEdge.findIndex((one) => !isFar(one))
    return first === -1 ? 0 : first
  }

  async function earlier(): Promise<void> {
    await readEarlier()
    await nextTick()
    keepPlace()
    await fill()
  }

  async function toEnd(): Promise<void> {
    if (!reachesEnd.value) {
      settle()
      window.value = windowAtEnd(thread().messages)
    }
    follow(true)
    await nextTick()
    keepPlace()
  }

  async function toBegin(): Promise<void> {
    const first = thread().messages[0]
    if (!first || !log.value) return
    if (stretch.value.from > 0) {
      settle()
      window.value = windowAround(thread().messages, first.id)
    }
    follow(false)
    await nextTick()
    log.value.scrollTop = 0
    standHere()
  }

  function showFirst(): void {
    const element = log.value
    if (!element) return
    const { leftAt, fresh } = thread()
    const left = fresh.count === 0 ? leftAt : null
    const known = left && shown().find((one) => Number(one.dataset['id']) >= left.id)
    if (left && known) element.scrollTop += topOf(known) - left.top
    else {
      element.scrollTop = element.scrollHeight
      freshLine.show()
    }
    standHere()
  }

  // Read at once where it is known, and again where its first page comes later.
  settle()
  watch(
    () => thread().next !== undefined,
    async (isRead) => {
      if (!isRead) return
      settle()
      window.value = firstWindow()
      await nextTick()
      showFirst()
    },
  )
  watch(
    () => thread().messages,
    (messages) => {
      const { from, to } = stretch.value
      if (follows.value && reachesEnd.value && to - from > windowSizes.usual + windowSizes.step)
        window.value = { first: messages.at(-windowSizes.usual)?.id ?? 0, last: null }
    },
  )
  watch(
    () => [thread().messages.at(-1)?.id, thread().pending.length] as const,
    async ([, now], [, before]) => {
      // What one sends oneself is always looked at.
      if (now > before) await toEnd()
      else {
        await nextTick()
        if (follows.value) keepPlace()
      }
    },
  )

  // What is seen stays in sight when the composer grows, or a picture has loaded.
  useResizeObserver([log, inner], keepPlace)
  onMounted(() => {
    if (thread().next !== undefined) showFirst()
  })
  onBeforeUnmount(() => {
    clearTimeout(settling)
    // The thread itself is kept: whoever comes back goes on where they were.
    const left = kept()
    if (left) left.leftAt = follows.value ? null : place.held()
  })

  return {
    stretch,
    pending,
    firstFresh,
    follows,
    reachesEnd,
    isSettling,
    newCount: computed(() => incomingSince(thread().messages, leftAt.value)),
    has(id) {
      const index = placeOf(thread().messages, id)
      return index >= stretch.value.from && index < stretch.value.to
    },
    onScroll,
    earlier,
    toEnd,
    toBegin,
  }
}
