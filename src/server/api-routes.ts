import type { Context } from 'koa'
import type { Apps } from '../apps/apps.js'
import type { SetupProgress } from '../apps/setup-progress.js'
import type { Config } from '../config/config.js'
import type { Commands, ViewSource } from '../conversation/index.js'
import type { LiveEvents } from '../desk/live-events.js'
import { answerRoutes } from '../rules/routes/answer-routes.js'
import { apiKeyRoutes } from '../people/routes/api-key-routes.js'
import { appRoutes } from '../apps/routes/app-routes.js'
import { contactRoutes } from '../desk/routes/contact-routes.js'
import { conversationRoutes, type ConversationRoutesOptions } from '../desk/routes/conversation-routes.js'
import { doctorRoutes, type DoctorRoutesOptions } from '../doctor/routes/doctor-routes.js'
import { eventRoutes } from '../desk/routes/event-routes.js'
import { hoursRoutes } from '../rules/routes/hours-routes.js'
import { mediaRoutes } from '../media/routes/media-routes.js'
import { messageRoutes } from '../desk/routes/message-routes.js'
import { personalDataRoutes } from '../desk/routes/personal-data-routes.js'
import { pushRoutes } from '../desk/routes/push-routes.js'
import { assistantRoutes } from '../assistant/routes/assistant-routes.js'
import { modelRoutes } from '../model/routes/model-routes.js'
import type { AssistantParts } from './assistants.js'
import { examRoutes } from '../knowledge/routes/exam-routes.js'
import { knowledgeRoutes } from '../knowledge/routes/knowledge-routes.js'
import { sourceRoutes } from '../knowledge/routes/source-routes.js'
import type { Sources } from '../knowledge/sources/sources.js'
import type { Exams } from '../knowledge/exams/exams.js'
import type { Knowledge } from '../knowledge/knowledge.js'
import { ruleRoutes } from '../rules/routes/rule-routes.js'
import { setupRoutes } from '../doctor/routes/setup-routes.js'
import { webhookRoutes } from '../hooks/routes/webhook-routes.js'
import type { Hooks } from '../hooks/index.js'
import type { HeavyReads } from '../http/heavy-reads.js'
import type { Route } from '../http/route.js'
import type { ApiKeys } from '../people/api-keys.js'
import type { Submits } from '../people/submits.js'
import type { RuleBook } from '../rules/rule-book.js'
import type { Store } from '../store/index.js'
import type { MediaParts } from './media.js'

export interface ApiRoutesOptions {
  readonly store: Store
  readonly config: Config
  readonly apps: Apps
  readonly rules: RuleBook
  readonly knowledge: Knowledge
  readonly exams: Exams
  readonly sources: Sources
  readonly assistant: AssistantParts
  /** Whether handlers in code stand before the rules. */
  readonly hasHandlers: boolean
  readonly views: ViewSource
  readonly commands: Commands
  readonly agents: ConversationRoutesOptions['agents']
  /** Called when a colleague's conversation was taken or given to another. */
  readonly onTakenOver: NonNullable<ConversationRoutesOptions['onTakenOver']>
  readonly events: LiveEvents
  readonly databaseId: () => Promise<string>
  readonly media: Pick<MediaParts, 'fetcher' | 'library'>
  readonly hooks: Hooks
  readonly apiKeys: ApiKeys
  readonly submits: Submits
  readonly reads: HeavyReads
  readonly marks: SetupProgress
  readonly diagnose: DoctorRoutesOptions['diagnose']
  /** Deletes all that is kept of a customer. */
  readonly erase: (contactId: number) => Promise<void>
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

/** The routes of all rooms under /api/v1, but for those of people. */
export function apiRoutes({
  store,
  config,
  apps,
  rules,
  knowledge,
  exams,
  sources,
  assistant,
  hasHandlers,
  views,
  commands,
  agents,
  onTakenOver,
  events,
  databaseId,
  media,
  hooks,
  apiKeys,
  submits,
  reads,
  marks,
  diagnose,
  erase,
  addressOf,
  now,
}: ApiRoutesOptions): Route[] {
  return [
    ...apiKeyRoutes({ apiKeys, submits }),
    ...appRoutes({ apps, config, submits, store, now, addressOf }),
    ...contactRoutes({ views, commands }),
    ...conversationRoutes({ reads, views, commands, agents, onTakenOver }),
    ...messageRoutes({ views, commands }),
    ...eventRoutes({ events, databaseId }),
    ...doctorRoutes({ diagnose }),
    ...mediaRoutes({ library: media.library, fetcher: media.fetcher, submits }),
    ...ruleRoutes({ rules, store, now, addressOf, hasHandlers }),
    ...answerRoutes({ rules, store, now }),
    ...hoursRoutes({ rules, store, now, addressOf }),
    ...knowledgeRoutes({ knowledge, exams, submits, store, now, addressOf }),
    ...sourceRoutes({ sources, store, now, addressOf }),
    ...examRoutes({ exams, knowledge, store }),
    ...assistantRoutes({ ...assistant, knowledge, store, now, addressOf }),
    ...modelRoutes({ ...assistant, dailyTokens: config.dailyTokens, store, now, addressOf }),
    ...setupRoutes({ apps, config, marks }),
    ...personalDataRoutes({
      store,
      reads,
      addressOf,
      now,
      views,
      erase,
      pictures: {
        notePictures: () => media.fetcher.noteAll(),
        readPicture: (id) => media.library.read(id),
      },
    }),
    ...pushRoutes({ store, addressOf, now }),
    ...webhookRoutes({ submits, store, now, addressOf, hooks }),
  ]
}
