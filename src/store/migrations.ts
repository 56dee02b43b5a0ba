import type { Migration } from 'kysely'
import type { Dialect } from './dialect.js'
import { conversations } from './migrations/0001-conversations.js'
import { views } from './migrations/0002-views.js'
import { keysAndSearch } from './migrations/0003-keys-and-search.js'
import { agents } from './migrations/0004-agents.js'
import { desk } from './migrations/0005-desk.js'
import { webhooks } from './migrations/0006-webhooks.js'
import { media } from './migrations/0007-media.js'
import { answers } from './migrations/0008-answers.js'
import { setup } from './migrations/0009-setup.js'
import { listFilters } from './migrations/0010-list-filters.js'
import { unreadablePushes } from './migrations/0011-unreadable-pushes.js'
import { businessSessions } from './migrations/0012-business-sessions.js'
import { signIn } from './migrations/0014-sign-in.js'
import { submits } from './migrations/0017-submits.js'
import { undo } from './migrations/0018-undo.js'
import { activity } from './migrations/0019-activity.js'
import { pictureTypes } from './migrations/0020-picture-types.js'
import { searchFolds } from './migrations/0021-search-folds.js'
import { knowledge } from './migrations/0022-knowledge.js'
import { model } from './migrations/0023-model.js'
import { assistants } from './migrations/0024-assistants.js'
import { pushKeyOrder } from './migrations/0025-push-key-order.js'
import { entryUse } from './migrations/0026-entry-use.js'
import { knowledgeSources } from './migrations/0027-knowledge-sources.js'
import { knowledgeVectors } from './migrations/0028-knowledge-vectors.js'

/**
 * The schema's history, by name in order. A migration that has been released is never changed: the next one
 * mends it.
 */
export function migrations(dialect: Dialect): Record<string, Migration> {
  return {
    '0001-conversations': conversations(dialect),
    '0002-views': views(dialect),
    '0003-keys-and-search': keysAndSearch(dialect),
    '0004-agents': agents(dialect),
    '0005-desk': desk(dialect),
    '0006-webhooks': webhooks(dialect),
    '0007-media': media(dialect),
    '0008-answers': answers(),
    '0009-setup': setup(dialect),
    '0010-list-filters': listFilters(dialect),
    '0011-unreadable-pushes': unreadablePushes(dialect),
    '0012-business-sessions': businessSessions(),
    '0014-sign-in': signIn(dialect),
    '0017-submits': submits(dialect),
    '0018-undo': undo(),
    '0019-activity': activity(dialect),
    '0020-picture-types': pictureTypes(),
    '0021-search-folds': searchFolds(),
    '0022-knowledge': knowledge(dialect),
    '0023-model': model(dialect),
    '0024-assistants': assistants(dialect),
    '0025-push-key-order': pushKeyOrder(),
    '0026-entry-use': entryUse(dialect),
    '0027-knowledge-sources': knowledgeSources(dialect),
    '0028-knowledge-vectors': knowledgeVectors(dialect),
  }
}
