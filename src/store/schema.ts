import type { JsonText } from './json-column.js'
import type { Generated, GeneratedAlways } from 'kysely'
import type { DecodeProblem, SignatureProblem } from '../errors.js'
import type { AuthorText } from '../protocol/author.js'
import type { ModelPresetName } from '../protocol/model-reasons.js'
import type { AnswerKind, OpenTurnState, RunOutcome } from '../protocol/turns.js'

/**
 * The tables, the same on SQLite and PostgreSQL. Times are milliseconds since 1970 unless a name says seconds;
 * ids and sequences stay below 2^53; `json` columns are text that the layer above writes and reads; a flag is 0 or 1.
 */
export interface Schema {
  app: AppTable
  app_setup: AppSetupTable
  contact: ContactTable
  contact_tag: ContactTagTable
  conversation: ConversationTable
  push: PushTable
  withdrawal: WithdrawalTable
  message: MessageTable
  feed: FeedTable
  sequence: SequenceTable
  shard: ShardTable
  process: ProcessTable
  rule: RuleTable
  access_token: AccessTokenTable
  setting: SettingTable
  api_key: ApiKeyTable
  agent: AgentTable
  session: SessionTable
  sign_in_attempt: SignInAttemptTable
  audit: AuditTable
  media: MediaTable
  message_media: MessageMediaTable
  media_bytes: MediaBytesTable
  webhook: WebhookTable
  webhook_delivery: WebhookDeliveryTable
  canned_reply: CannedReplyTable
  wait: WaitTable
  message_count: MessageCountTable
  active_day: ActiveDayTable
  submit: SubmitTable
  knowledge_source: KnowledgeSourceTable
  knowledge_vector: KnowledgeVectorTable
  knowledge_entry: KnowledgeEntryTable
  knowledge_version: KnowledgeVersionTable
  exam_case: ExamCaseTable
  model_provider: ModelProviderTable
  model_spending: ModelSpendingTable
  assistant: AssistantTable
  assistant_version: AssistantVersionTable
  turn: TurnTable
  run: RunTable
}

/** A Mini Program. Columns named `sealed_…` are encrypted. */
export interface AppTable {
  app_id: string
  name: string
  mode: 'plain' | 'compatible' | 'secure'
  sealed_secret: string
  sealed_token: string
  sealed_aes_key: string | null
  created_at: number
}

/** How far a Mini Program has been connected. Written when WeChat asks for the URL, never by a push that is taken. */
export interface AppSetupTable {
  app_id: string
  /** When its secrets were given: what came before says nothing about them. */
  since: Generated<number>
  /** When WeChat last asked for the URL and was answered. */
  verified_at: number | null
  /** When it last asked with what is not ours, and a word for why. */
  url_refused_at: number | null
  url_refused_why: SignatureProblem | DecodeProblem | null
  /** The same of a push. */
  push_refused_at: number | null
  push_refused_why: SignatureProblem | DecodeProblem | null
  /** The first push that was found, and the conversation it belongs to; noted by whoever looks. */
  arrived_at: number | null
  conversation_id: number | null
}

/** A customer of a Mini Program. */
export interface ContactTable {
  id: GeneratedAlways<number>
  app_id: string
  /** WeChat's, and behind it the sub-merchant's number where there is one. */
  open_id: string
  /** The sub-merchant that this session is with; null for the Mini Program's own. */
  business_id: string | null
  name: string | null
  remark: string | null
  session_from: string | null
  created_at: number
  seen_at: number
}

export interface ContactTagTable {
  contact_id: number
  tag: string
}

/** A customer's one conversation: who has it, and what WeChat allows in it. */
export interface ConversationTable {
  id: GeneratedAlways<number>
  contact_id: number
  /** The contact's part of the work, see ShardTable. */
  shard: number
  status: 'bot' | 'waiting' | 'assigned' | 'closed'
  agent_id: number | null
  /** Raised by each change of owner; what was started under an older one is void. */
  epoch: number
  /** The last message and the last entry: WeChat's CreateTime in seconds, and when it reached us. */
  message_seconds: number | null
  message_received_at: number | null
  enter_seconds: number | null
  enter_received_at: number | null
  /** WeChat has said since that the count (45047) or the time (45015) is used up. */
  corrected: 'count' | 'window' | null
  waiting_since: number | null
  last_message_id: number | null
  /** The newest message that an agent has read. */
  read_message_id: number | null
  updated_at: number
  /** When its agent got it; older than that when nobody has it. */
  assigned_at: number | null
  /** When its agent last typed in it or looked at it, since they got it. */
  active_at: number | null
  /** json: what its last close or release is undone by. */
  undo: string | null
}

/** A push as it was committed before WeChat was told so. */
export interface PushTable {
  id: GeneratedAlways<number>
  /** Push.id in the order of time (push-key.ts): the unique index that makes a repeat known. */
  dedupe_key: string
  app_id: string
  open_id: string
  shard: number
  format: 'json' | 'xml'
  plaintext: string
  /** `new` until handled; `failed` after the last attempt. */
  state: 'new' | 'handled' | 'failed'
  attempts: number
  answer: 'success' | 'transfer' | null
  received_at: number
  /** Why it can't be read as a push, which it stays; null for all others. */
  unreadable: Generated<string | null>
}

/** Somebody took their consent back, or closed their account: an admin decides what becomes of their data. */
export interface WithdrawalTable {
  id: GeneratedAlways<number>
  app_id: string
  open_id: string
  /** WeChat's word: `user_authorization_revoke` or `user_authorization_cancellation`. */
  event: string
  /** Unique: one push makes one. */
  push_id: number
  at: number
}

export interface MessageTable {
  /** From the workspace's sequence, so in commit order. */
  id: number
  conversation_id: number
  direction: 'incoming' | 'outgoing' | 'note' | 'system'
  /** `contact`, `bot`, `rule:NAME`, `agent:ID` or `system`. */
  author: AuthorText
  msg_type: string
  /** json: the message's fields in WeChat's words. */
  content: string
  /** An outgoing message's way to WeChat; null for the others. */
  state: 'queued' | 'sending' | 'accepted' | 'unknown' | 'failed' | 'cancelled' | null
  /** Unique: the same reply of the same push, or the same submit of an agent, is queued once. */
  once_key: string | null
  /** The conversation's epoch that it was queued under. */
  epoch: number
  push_id: number | null
  /** Of what a customer did: `rule:NAME`, `bot` (handlers in code) or `nobody`; null where the bot was not asked. */
  answered_by: string | null
  attempts: number
  /** A queued message waits until then. */
  not_before: number | null
  errcode: number | null
  problem: string | null
  rid: string | null
  created_at: number
  /** When the request had left for WeChat; later than the customer's last sign that was known then. */
  sent_at: number | null
}

/** Events in commit order: pages and outgoing webhooks follow them. */
export interface FeedTable {
  sequence: number
  kind: string
  conversation_id: number | null
  /** json */
  data: string
  at: number
}

/** The workspace's one growing number. Whoever raises it holds its row until the commit, so it grows in commit order. */
export interface SequenceTable {
  name: string
  value: number
}

/** A part of the work (pushes and sends of some of the conversations) and the process that does it. */
export interface ShardTable {
  id: number
  owner: string | null
  lease_until: number
  /** Raised by each change of owner: a commit under an older one is refused. */
  fence: number
}

/** A process that shares the work. */
export interface ProcessTable {
  id: string
  seen_until: number
}

export interface RuleTable {
  id: GeneratedAlways<number>
  position: number
  name: string
  enabled: number
  /** json: the rule in the form of `kefu rules export`. */
  definition: string
}

/** An access token and the lease to renew it, shared by all processes. */
export interface AccessTokenTable {
  key: string
  sealed_token: string | null
  lease_owner: string | null
  lease_until: number | null
}

export interface SettingTable {
  key: string
  /** json */
  value: string
}

/** Who answers customers. A removed agent's row stays, for the name under what they wrote. */
export interface AgentTable {
  id: GeneratedAlways<number>
  name: string
  /** The name as it is compared; null when removed. */
  name_key: string | null
  role: 'agent' | 'admin'
  /** json: the Mini Programs they may see, or "all". */
  apps: JsonText<'all' | readonly string[]>
  /** argon2id; empty when removed. */
  password_hash: string
  /** A password that somebody else made: it must be changed until then. Null where it is its owner's. */
  password_ends_at: number | null
  disabled: Generated<number>
  /** The presence that they chose. */
  status: Generated<'online' | 'busy' | 'offline'>
  /** When a page of theirs was last open. */
  seen_at: number | null
  created_at: number
}

/** Somebody who is signed in. */
export interface SessionTable {
  /** SHA-256 of the cookie. */
  id_hash: string
  agent_id: number
  created_at: number
  seen_at: number
  ends_at: number
  /** The browser's name for itself when the session began, in a few words; null in old sessions. */
  device: string | null
  /** The network address that it was begun from. */
  address: string | null
}

/** How often signing in was tried in vain, by browser, account and network. */
export interface SignInAttemptTable {
  key: string
  /** A hash of the account's name, where it is of one. */
  account: string | null
  count: number
  /** Until then nothing is tried. */
  paused_until: number | null
  /** 1 once something was refused in this pause. */
  refused: Generated<number>
  /** When it is forgotten. */
  until: number
}

/** Acts of people and programs that others may ask about; the database lets no row be changed or deleted. */
export interface AuditTable {
  id: GeneratedAlways<number>
  at: number
  /** `agent:ID`, `key:ID`, `key` (KEFU_API_KEY), `command` or `nobody`. */
  actor: string
  actor_name: string | null
  action: string
  /** The object of the act, such as `conversation:7`. */
  target: string | null
  /** The Mini Program that it concerns; null when it is none in particular. */
  app_id: string | null
  address: string | null
  /** json */
  detail: JsonText<Readonly<Record<string, unknown>>>
}

/** A picture, known by the media id that WeChat gave it first. */
export interface MediaTable {
  id: GeneratedAlways<number>
  app_id: string
  media_id: string
  /** `wanted` until it is fetched; `expired` where WeChat no longer has it, or where its time here is over. */
  state: 'wanted' | 'stored' | 'failed' | 'expired'
  /** Why it failed: `unsupported`, `too_many_pixels`, `too_large`, `refused` or WeChat's errcode. */
  problem: string | null
  /** The bytes' random name. */
  file: string | null
  mime: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | null
  width: number | null
  height: number | null
  bytes: number | null
  attempts: number
  /** A wanted one is fetched from then on; whoever fetches it moves this to when others may. */
  next_at: number | null
  /** By which media id WeChat has it now, where it was uploaded from here, and until when. */
  current_media_id: string | null
  current_until: number | null
  created_at: number
}

/** Which picture a message shows. */
export interface MessageMediaTable {
  message_id: number
  media_id: number
}

/** PostgreSQL: the pictures' bytes. With SQLite they are files in DATA_DIR. */
export interface MediaBytesTable {
  name: string
  bytes: Buffer
  created_at: number
}

/** An address of the operator's own system that is told what happens. Columns named `sealed_…` are encrypted. */
export interface WebhookTable {
  id: GeneratedAlways<number>
  url: string
  description: string
  /** json: the names of events, or `["*"]`. */
  events: JsonText<readonly string[]>
  /** json: appids; null for all. */
  apps: JsonText<readonly string[]> | null
  enabled: number
  /** Why it was disabled when no person did. */
  disabled_reason: 'gone' | 'secret_lost' | null
  /** Null when the key it was sealed with is lost. */
  sealed_secret: string | null
  /** The one before, which signs too until then. */
  sealed_old_secret: string | null
  old_secret_until: number | null
  /** The feed's sequence up to which deliveries were made. */
  cursor: number
  created_at: number
}

/** Something that an endpoint is to be told, once. */
export interface WebhookDeliveryTable {
  id: GeneratedAlways<number>
  webhook_id: number
  /** The same for each attempt, another for each delivery ever made: the receiver's key against repeats. */
  event_id: string
  event: string
  /** Unique for an endpoint: the same happening is told once. */
  once_key: string
  sequence: number | null
  conversation_id: number | null
  /** json: what is sent. */
  body: string
  state: 'queued' | 'sending' | 'delivered' | 'retry' | 'dead'
  attempts: number
  next_at: number
  /** PostgreSQL: by the database's clock; whoever sends it is gone after that. */
  lease_until: number | null
  /** The last answer's, if there was one. */
  status: number | null
  /** A word for why the last attempt failed. */
  problem: string | null
  created_at: number
  /** When it was delivered or given up. */
  settled_at: number | null
}

/** An answer that agents have ready. */
export interface CannedReplyTable {
  id: GeneratedAlways<number>
  /** The Mini Program that it is for; null for all. */
  app_id: string | null
  title: string
  /** With placeholders such as {{contact.name}}. */
  content: string
  shortcut: string | null
  /** json: what it is found by when it is typed in Latin letters. */
  pinyin: JsonText<readonly string[]>
  updated_at: number
}

/** A customer's wait that a person ended. */
export interface WaitTable {
  id: GeneratedAlways<number>
  conversation_id: number
  app_id: string
  agent_id: number | null
  /** `take`: somebody has it now; `first`: their first reply; `reply`: a later one. */
  ended_by: 'take' | 'first' | 'reply'
  since: number
  at: number
}

/** How many messages there were, by the workspace's days (since 1970): what reports add up. */
export interface MessageCountTable {
  day: number
  app_id: string
  kind: 'incoming' | 'bot' | 'agent' | 'api'
  /** 0 but for an agent's. */
  agent_id: number
  count: number
}

/** The conversations in which a customer wrote on a day. */
export interface ActiveDayTable {
  day: number
  app_id: string
  conversation_id: number
}

/** The result of a submit with a `clientId`, for as long as the same submit may come again. */
export interface SubmitTable {
  /** Who submitted what under which name. */
  key: string
  /** json, encrypted: it may have a password or a key in it that is shown once. */
  sealed_result: string
  created_at: number
}

/** A program's key to the HTTP API, of which only a hash is kept. */
export interface ApiKeyTable {
  id: GeneratedAlways<number>
  name: string
  /** SHA-256, in hex. */
  key_hash: string
  /** The key's first characters, to tell it from others. */
  hint: string
  /** json: the Mini Programs it may see, or "all". */
  apps: JsonText<'all' | readonly string[]>
  created_at: number
  used_at: number | null
}

/** How answers are made where rules leave them to an assistant. */
export interface AssistantTable {
  id: GeneratedAlways<number>
  name: string
  /** json: the settings that are worked on. */
  draft: string
  /** The version that answers; null while none was published. */
  live_version: number | null
  created_at: number
  updated_at: number
}

/** The settings of an assistant as they were published. */
export interface AssistantVersionTable {
  assistant_id: number
  version: number
  /** json */
  settings: string
  published_by: string
  published_at: number
}

/** What a customer said since the last answer, for an assistant to answer. At most one of a conversation is open. */
export interface TurnTable {
  id: GeneratedAlways<number>
  conversation_id: number
  shard: number
  /** The conversation's when the turn began: an answer under another is void. */
  epoch: number
  assistant: string
  /** Raised by each message that the answer has to take in. */
  version: number
  first_message_id: number
  last_message_id: number
  /** Messages that came when no more restarts were left: they are the next turn. */
  behind_first_id: number | null
  behind_last_id: number | null
  state: OpenTurnState | 'answered' | 'handed_off' | 'dropped'
  /** How often the customer went on while an answer was made. */
  restarts: Generated<number>
  /** How often an answer was begun since: more than one means that a process ended meanwhile. */
  attempts: Generated<number>
  due_at: number
  deadline_at: number
  created_at: number
  /** Null while it is open. */
  ended_at: number | null
}

/** One try to answer a turn. No text of anybody is kept here. */
export interface RunTable {
  id: GeneratedAlways<number>
  turn_id: number
  conversation_id: number
  assistant: string
  assistant_version: number | null
  /** Null where nothing was said. */
  kind: AnswerKind | null
  outcome: RunOutcome
  /** Why people got it; null where they did not. */
  reason: string | null
  /** Why the model gave no answer, as the model room says it. */
  detail: string | null
  model: string | null
  /** json: the candidates, and which of them was sent. */
  entries: string
  /** The one that was sent; null where none was. */
  entry_id: number | null
  calls: number
  tokens_in: number
  tokens_out: number
  first_token_ms: number | null
  total_ms: number
  /** The answer. */
  message_id: number | null
  at: number
}

/** A question with its answer, in the shop's own words. */
export interface KnowledgeEntryTable {
  id: GeneratedAlways<number>
  /** The Mini Program that it is for; null for all. */
  app_id: string | null
  title: string
  /** json: other ways to ask it. */
  wordings: JsonText<readonly string[]>
  text: string
  /** json: a message that follows the text, such as a card. */
  extra: JsonText<object> | null
  audience: 'customer' | 'agents'
  state: 'draft' | 'live' | 'off'
  valid_from: number | null
  valid_until: number | null
  /** Raised by each change. */
  version: number
  updated_by: string
  created_at: number
  updated_at: number
  /** The page that it is a piece of; null where people wrote it. */
  source_id: number | null
  /** Which piece of the page it is. */
  source_key: string | null
  /** Of the piece as it was taken last: what people write into the entry leaves it. */
  source_hash: string | null
}

/** What an entry means, as a model's numbers: made of its text, so it can be made again. */
export interface KnowledgeVectorTable {
  entry_id: number
  /** Vectors of another model can't be compared. */
  model: string
  /** Of the text that it was made of. */
  text_hash: string
  /** Base64: 32-bit floats, the lowest byte first, of length 1 together. */
  vector: string
}

/** A page of the web that entries are taken from, once a day. */
export interface KnowledgeSourceTable {
  id: GeneratedAlways<number>
  /** The Mini Program that its entries are for; null for all. */
  app_id: string | null
  url: string
  name: string
  /** The state of entries that are new. */
  new_state: 'draft' | 'live'
  /** Why it could not be read the last time; null where it could, or was never tried. */
  problem: string | null
  /** The status of the answer, where that is the problem. */
  status: number | null
  /** json: the keys of its pieces when it was read last. */
  keys: JsonText<readonly string[]>
  /** json: how many entries the last reading added, changed and switched off. */
  outcome: JsonText<object> | null
  next_at: number
  /** Until when a process reads it; null where none does. */
  lease_until: number | null
  checked_at: number | null
  read_at: number | null
  created_by: string
  created_at: number
}

/** An entry as it was, or is. */
export interface KnowledgeVersionTable {
  entry_id: number
  version: number
  content: JsonText<object>
  actor: string
  at: number
}

/** A question with the entry that is its answer; without one it is to be left unanswered. */
export interface ExamCaseTable {
  id: GeneratedAlways<number>
  app_id: string | null
  says: string
  entry_id: number | null
  /** Where it was said; null for one that was made up. */
  conversation_id: number | null
  created_at: number
}

/** A model that assistants ask. */
export interface ModelProviderTable {
  rank: 'main' | 'fallback'
  preset: ModelPresetName
  url: string
  model: string
  /** Null where none is needed. */
  sealed_key: string | null
  updated_at: number
}

/** What models were asked for on a day in China. The row without an appid is held while tokens are put aside. */
export interface ModelSpendingTable {
  day: string
  app_id: string
  calls: number
  tokens_in: number
  tokens_out: number
  reserved: number
}
