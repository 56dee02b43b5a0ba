import type { BrowserContextOptions } from 'playwright-core'
import type { DeskStage, OpenDesk } from './desk-stage.js'
import type { ApiClient } from './support/api-client.js'

interface Around {
  readonly stage: DeskStage
  readonly desk: OpenDesk
  readonly api: ApiClient
}

/** What the composer looks like when something is not as usual, for tests and for pictures. */
export interface ComposerScene {
  readonly name: string
  /** Brings a desk there at which the first customer's conversation is taken. */
  readonly reach: (around: Around) => Promise<void>
}

export const composerLooks: readonly (readonly [suffix: string, look: BrowserContextOptions])[] = [
  ['', {}],
  ['-dark', { colorScheme: 'dark' }],
  ['-narrow', { viewport: { width: 360, height: 640 }, hasTouch: true }],
]

async function assign(
  { stage, api }: { stage: DeskStage; api: ApiClient },
  id: number,
  to: string,
): Promise<void> {
  const { items } = (await api.ok('GET /agents')) as { items: { id: number; name: string }[] }
  const agentId = items.find(({ name }) => name === stage.nameOf(to))?.id ?? 0
  await api.ok('POST /conversations/:id/assign', { params: { id }, body: { agentId } })
}
const idOf = ({ page }: OpenDesk): number => Number(new URL(page.url()).hash.split('/').at(-1))

export const composerScenes: readonly ComposerScene[] = [
  {
    name: 'locked',
    reach: async ({ stage, desk, api }: Around): Promise<void> => {
      await desk.reply.fill('您的退款已经在处理，预计三天到账')
      await stage.addAgent('老周')
      await assign({ stage, api }, idOf(desk), '老周')
      await desk.page.locator('.lock').getByText('正在接待').waitFor()
    },
  },
  {
    name: 'refused',
    reach: async ({ desk }: Around): Promise<void> => {
      await desk.page.route('**/messages', (route) =>
        route.request().method() === 'POST'
          ? route.fulfill({ status: 409, json: { error: { code: 'not_yours', message: 'Take it first.' } } })
          : route.continue(),
      )
      await desk.reply.fill('新杯子今天下午发出，预计后天送到。')
      await desk.reply.press('Enter')
      await desk.thread.getByRole('button', { name: '放弃' }).waitFor()
    },
  },
  {
    name: 'offer',
    reach: async ({ desk }: Around): Promise<void> => {
      const left = JSON.stringify({ reply: '您好，换货的快递单号是', note: '' })
      await desk.page.evaluate(
        `localStorage.removeItem('kefu.desk.sealed')
         localStorage.setItem('kefu.desk.draft.${idOf(desk)}', ${JSON.stringify(left)})`,
      )
      await desk.page.reload()
      await desk.page.getByRole('status').getByText('您好，换货的快递单号是').waitFor()
    },
  },
  {
    name: 'undo',
    reach: async ({ desk }: Around): Promise<void> => {
      await desk.button('结束').click()
      await desk.page.getByRole('button', { name: '撤销' }).waitFor()
    },
  },
  {
    name: 'call',
    reach: async ({ stage, desk, api }: Around): Promise<void> => {
      await stage.customer('oHandedOver0001abcd').sends('发票抬头写错了，能重开吗？')
      const find = async (): Promise<number> => {
        const { items } = (await api.ok('GET /conversations', { query: { q: '发票抬头' } })) as {
          items: { id: number }[]
        }
        return items[0]?.id ?? find()
      }
      await assign({ stage, api }, await find(), '小满')
      await desk.page.evaluate(`location.hash = '#/conversations'`)
      await desk.tab('我的').click()
      await desk.row(/转给你.*发票抬头/).waitFor()
    },
  },
]
