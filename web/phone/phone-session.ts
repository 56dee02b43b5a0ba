import { computed, inject, provide, ref, watch, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { AppView, PhoneMessage, UserMessageInput, UserView } from '../../src/emulator/protocol.js'
import type { Page } from './page.js'
import type { Phone } from './phones.js'
import { cardCover, uploadable } from './pictures.js'

/** What one phone shows at the moment, and what its owner does with it. */
export interface PhoneSession {
  phone: Phone
  /** The phone's place on the page, from 1. */
  number: ComputedRef<number>
  app: ComputedRef<AppView | undefined>
  user: ComputedRef<UserView | undefined>
  messages: ComputedRef<PhoneMessage[]>
  screen: Ref<'page' | 'chat'>
  /** The Mini Program's page, as `pages/goods/detail?id=1024`. */
  pagePath: Ref<string>
  /** A web page that a link leads to, shown before anything is opened. */
  webUrl: Ref<string | null>
  /** The picture that is looked at large. */
  picture: Ref<{ url: string; label: string } | null>
  /** Whether the card that the page had is offered (show-message-card). */
  offersCard: Ref<boolean>
  /** Messages that came while the chat was not open, newest last. */
  unread: ComputedRef<PhoneMessage[]>
  isTyping: ComputedRef<boolean>
  /** How long WeChat's own agents still have the conversation; null when they have not. */
  officialMs: ComputedRef<number | null>
  /** What became of pushing each of the customer's messages, by the message's id; settled well is not named. */
  sending: ComputedRef<Map<string, { state: 'sending' | 'failed'; deliveryId: string }>>
  /** Enters the conversation; an empty `sessionFrom` is another way than the contact button. */
  openChat: (sessionFrom: string) => Promise<void>
  openPage: (path: string) => void
  send: (message: UserMessageInput) => Promise<boolean>
  sendPicture: (file: Blob) => Promise<boolean>
  sendCard: () => Promise<boolean>
}

const sessionKey: InjectionKey<PhoneSession> = Symbol('phone')

/** The phone that a component is part of. */
export function usePhone(): PhoneSession {
  const session = inject(sessionKey)
  if (session === undefined) throw new Error('There is no phone around this component.')
  return session
}

/** Turns a phone on, and gives it to the components in it. */
export function providePhone(page: Page, phone: Phone): PhoneSession {
  const screen: PhoneSession['screen'] = ref('page')
  const pagePath = ref(phone.card.path)
  const offersCard = ref(false)
  const messages = computed(() => page.messagesOf(phone))
  const user = computed(() => page.userOf(phone))
  const unread = useUnread(page, screen, messages)

  const to = async (
    act: (customer: { appId: string; openId: string }) => Promise<unknown>,
  ): Promise<boolean> => {
    const customer = page.customerOf(phone)
    return customer !== undefined && page.run(() => act(customer))
  }
  const send: PhoneSession['send'] = (message) => {
    offersCard.value = false
    return to((customer) => page.client.send(customer, message))
  }

  const session: PhoneSession = {
    phone,
    number: computed(() => page.numberOf(phone.openId) ?? 1),
    app: computed(() => page.appOf(phone)),
    user,
    messages,
    screen,
    pagePath,
    webUrl: ref(null),
    picture: ref(null),
    offersCard,
    unread,
    isTyping: computed(() => (user.value?.typingUntil ?? 0) > page.now.value),
    officialMs: computed(() => {
      const until = user.value?.officialUntil ?? 0
      return until > page.now.value ? until - page.now.value : null
    }),
    sending: computed(
      () =>
        new Map(
          page.deliveriesOf(phone).flatMap(({ id, messageId, state }) => {
            if (messageId === null || state === 'answered') return []
            return [[messageId, { state: state === 'failed' ? 'failed' : 'sending', deliveryId: id }]]
          }),
        ),
    ),
    async openChat(sessionFrom) {
      screen.value = 'chat'
      offersCard.value = phone.card.show && sessionFrom !== ''
      await to((customer) => page.client.enter(customer, sessionFrom))
    },
    openPage(path) {
      pagePath.value = path
      screen.value = 'page'
    },
    send,
    sendPicture: (file) =>
      to(async (customer) => {
        const { mediaId } = await page.client.uploadPicture(await uploadable(file))
        await page.client.send(customer, { msgType: 'image', mediaId })
      }),
    async sendCard() {
      offersCard.value = false
      return to(async (customer) => {
        const { mediaId } = await page.client.uploadPicture(await cardCover())
        const { title, path } = phone.card
        await page.client.send(customer, {
          msgType: 'miniprogrampage',
          title,
          pagePath: path,
          thumbMediaId: mediaId,
        })
      })
    },
  }
  // The page's own card moved: the page shown moves with it.
  watch(
    () => phone.card.path,
    (path, before) => {
      if (pagePath.value === before) pagePath.value = path
    },
  )
  provide(sessionKey, session)
  return session
}

/** What came since the chat was last looked at; what was there when the page was opened counts as seen. */
function useUnread(
  page: Page,
  screen: PhoneSession['screen'],
  messages: ComputedRef<PhoneMessage[]>,
): ComputedRef<PhoneMessage[]> {
  const seen = ref(Infinity)
  const last = computed(() => messages.value.at(-1)?.sequence ?? 0)
  watch(
    [screen, last, () => page.state.link],
    ([shown, sequence, link], [, , before]) => {
      const opened = link === 'live' && before !== 'live' && seen.value === Infinity
      if (opened || shown === 'chat' || (link === 'live' && sequence < seen.value)) seen.value = sequence
    },
    { immediate: true, flush: 'sync' },
  )
  return computed(() =>
    messages.value.filter((message) => message.sequence > seen.value && message.from !== 'user'),
  )
}
