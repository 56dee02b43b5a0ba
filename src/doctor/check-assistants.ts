import type { RuleSet } from '../rules/rule-set.js'
import type { Finding } from './finding.js'

/** What was found about a model; `thinks` is null where it gave no answer. */
export interface ModelFound {
  readonly ok: boolean
  readonly reason: string | null
  readonly thinks: boolean | null
}

/** What answers where rules leave messages to assistants. */
export interface AssistantFacts {
  /** Whether an assistant of the name is published, and whether it asks a model. */
  readonly live: (name: string) => { readonly asksModel: boolean } | undefined
  /** How many entries there are. */
  readonly entries: number
  /** Asks the model one question; undefined where none is set up. */
  readonly checkModel: () => Promise<ModelFound | undefined>
  /** Whether the model of embeddings makes a vector; undefined where none is set up. */
  readonly checkEmbeddings: () => Promise<boolean | undefined>
}

/** Whether what rules leave to assistants is answered. Nothing is asked where no rule leaves them anything. */
export async function checkAssistants(
  { rules }: Pick<RuleSet, 'rules'>,
  { live, entries, checkModel, checkEmbeddings }: AssistantFacts,
): Promise<Finding[]> {
  const named = new Set(
    rules
      .filter(({ enabled }) => enabled !== false)
      .flatMap(({ then }) => then.flatMap((action) => ('assistant' in action ? [action.assistant] : []))),
  )
  if (named.size === 0) return []
  const findings: Finding[] = [...named].flatMap((name) => (live(name) ? [] : [notPublished(name)]))
  if (entries === 0)
    findings.push({
      check: 'knowledge',
      level: 'warn',
      found: {
        zh: '知识库是空的：交给 AI 助手的消息都转人工。',
        en: 'The knowledge is empty: what is left to assistants goes to people.',
      },
      todo: {
        zh: '在客服台 管理 › 知识 添加问题和答案。',
        en: 'Add questions and answers at the desk: 管理 › 知识.',
      },
    })
  if ([...named].some((name) => live(name)?.asksModel)) {
    findings.push(modelFinding(await checkModel()))
    const makes = await checkEmbeddings()
    if (makes !== undefined) findings.push(embeddingsFinding(makes))
  }
  return findings
}

function notPublished(name: string): Finding {
  return {
    check: 'assistant',
    level: 'fail',
    found: {
      zh: `规则把消息交给 AI 助手“${name}”，但它还没有发布：消息都转人工。`,
      en: `Rules leave messages to the assistant “${name}”, which is not published: they go to people.`,
    },
    todo: {
      zh: '在客服台 管理 › AI 助手 发布它，或改规则里的名称。',
      en: 'Publish it at the desk (管理 › AI 助手), or mend the name in the rule.',
    },
  }
}

function modelFinding(found: ModelFound | undefined): Finding {
  if (!found)
    return {
      check: 'model',
      level: 'warn',
      found: {
        zh: '没有设置模型：AI 助手只发送有把握的，其余转人工。',
        en: 'No model is set up: assistants send only what fits surely, and people get the rest.',
      },
      todo: {
        zh: '在客服台 管理 › AI 模型 设置，或用 KEFU_AI_URL。',
        en: 'Set one up at the desk (管理 › AI 模型), or by KEFU_AI_URL.',
      },
    }
  if (!found.ok)
    return {
      check: 'model',
      level: 'fail',
      found: {
        zh: `模型没有回答（${found.reason ?? ''}）。`,
        en: `The model gave no answer (${found.reason ?? ''}).`,
      },
      todo: {
        zh: '在客服台 管理 › AI 模型 点「检查」，那里写明原因。',
        en: 'Press 检查 at 管理 › AI 模型, which says why.',
      },
    }
  if (found.thinks === true)
    return {
      check: 'model',
      level: 'warn',
      found: {
        zh: '模型先思考再回答，客户要多等。',
        en: 'The model thinks before it answers, and customers wait for that.',
      },
      todo: {
        zh: '选对服务商（KEFU_AI_PRESET），或换一个不思考的模型。',
        en: 'Choose the right provider (KEFU_AI_PRESET), or a model that does not think.',
      },
    }
  return {
    check: 'model',
    level: 'ok',
    found: { zh: '模型会回答，不先思考。', en: 'The model answers, and does not think first.' },
  }
}

function embeddingsFinding(makes: boolean): Finding {
  if (makes)
    return {
      check: 'embeddings',
      level: 'ok',
      found: { zh: '向量模型可用。', en: 'The model of embeddings works.' },
    }
  return {
    check: 'embeddings',
    level: 'warn',
    found: {
      zh: '向量模型没有回答：知识只按字词查找。',
      en: 'The model of embeddings gave no answer: knowledge is found by its words alone.',
    },
    todo: {
      zh: '检查 KEFU_AI_EMBEDDING_URL、_KEY 和 _MODEL，日志里写明原因；改好后重新启动。',
      en: 'Check KEFU_AI_EMBEDDING_URL, _KEY and _MODEL; the log says why. Start again once they are right.',
    },
  }
}
