import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { PlacedRuleIssue } from '../../../../src/protocol/rule-problems.js'
import type { Rule, RuleSet } from '../../../../src/rules/rule-set.js'
import { DeskError, type Client } from '../../api/client.js'
import type { AdminTexts } from '../admin-texts.js'
import { createLoaded, type Loaded } from '../shared/loaded.js'
import { issueLine } from './rule-issue-words.js'
import {
  formProblems,
  noProblems,
  ruleProblems,
  type FormProblems,
  type RuleProblems,
} from './rules-problem.js'
import { createSaving } from '../shared/saving.js'

export interface RuleRow {
  id: number
  rule: Rule
}

/** What somebody else saved while this page had changes of its own. */
export interface Newer {
  rules: readonly Rule[]
  version: string
  /** Null where the service does not say. */
  by: { name: string; at: number } | null
  /** Names of rules, against those that this page began with. */
  added: string[]
  changed: string[]
  removed: string[]
}

/** The rules as the page has them, until they are saved or given up. */
export interface RuleSetDraft {
  rows: Ref<RuleRow[]>
  rules: ComputedRef<Rule[]>
  isChanged: ComputedRef<boolean>
  saved: Loaded<readonly Rule[]>
  busy: Ref<boolean>
  problem: Ref<string>
  problems: Ref<RuleProblems>
  warnings: Ref<string[]>
  newer: Ref<Newer | null>
  /** Changes a rule, or adds one for a null id. */
  put: (id: number | null, rule: Rule) => void
  /** Asks what is wrong with a rule among the others; nothing where nobody answers: saving says it then. */
  check: (id: number | null, rule: Rule) => Promise<FormProblems>
  remove: (id: number) => void
  move: (from: number, to: number) => void
  /** Saves all; resolves to whether it was done. Over a newer set only with its version. */
  save: (over?: string) => Promise<boolean>
  /** Takes what somebody else saved in the place of one's own. */
  takeNewer: () => void
}

interface Audit {
  items: { at: number; actorName: string | null }[]
}

const nothing: RuleProblems = { byRule: new Map(), others: [] }

export function createRuleSetDraft(texts: AdminTexts, client: Client, onSaved: () => void): RuleSetDraft {
  let lastId = 0
  let base: readonly Rule[] = []
  let version = ''
  const rows = ref<RuleRow[]>([])
  const savedText = ref('')
  const problems = ref(nothing)
  const warnings = ref<string[]>([])
  const newer = ref<Newer | null>(null)
  const { busy, problem, save } = createSaving(texts)
  const rules = computed(() => rows.value.map(({ rule }) => rule))
  const isChanged = computed(() => JSON.stringify(rules.value) !== savedText.value)

  const saved = createLoaded(texts, async () => {
    const { value, version: found } = await client.versioned<RuleSet>('GET', '/rules')
    show(value.rules, found)
    return value.rules
  })
  function show(found: readonly Rule[], itsVersion: string): void {
    rows.value = found.map((rule) => ({ id: ++lastId, rule }))
    savedText.value = JSON.stringify(found)
    base = found
    version = itsVersion
    newer.value = null
    forget()
  }
  function forget(): void {
    problems.value = nothing
    problem.value = ''
    warnings.value = []
  }
  async function put(over: string): Promise<boolean> {
    try {
      const { value, version: now } = await client.versioned<RuleSet & { warnings: PlacedRuleIssue[] }>(
        'PUT',
        '/rules',
        { rules: rules.value },
        over,
      )
      show(value.rules, now)
      warnings.value = value.warnings.map((issue) => issueLine(issue, texts.t.value))
      return true
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.detail.reason === 'rules_changed') newer.value = await readNewer()
      else if (error.code === 'invalid') problems.value = ruleProblems(error, texts)
      else throw error
      return false
    }
  }
  async function readNewer(): Promise<Newer> {
    const { value, version: found } = await client.versioned<RuleSet>('GET', '/rules')
    const audit = await client.request<Audit>('GET', '/audit?action=rules_changed&limit=1').catch(() => null)
    const last = audit?.items[0]
    return {
      rules: value.rules,
      version: found,
      by: last?.actorName ? { name: last.actorName, at: last.at } : null,
      ...differences(base, value.rules),
    }
  }

  return {
    rows,
    rules,
    isChanged,
    saved,
    busy,
    problem,
    problems,
    warnings,
    newer,
    put(id, rule) {
      if (id === null) rows.value.push({ id: ++lastId, rule })
      else rows.value = rows.value.map((row) => (row.id === id ? { id, rule } : row))
      forget()
    },
    async check(id, rule) {
      const place = id === null ? -1 : rows.value.findIndex((row) => row.id === id)
      const index = place < 0 ? rows.value.length : place
      try {
        await client.request('POST', '/rules/check', { rules: rules.value.toSpliced(index, 1, rule) })
      } catch (error) {
        if (!(error instanceof DeskError)) throw error
        return formProblems(error, index, rule, texts)
      }
      return noProblems
    },
    remove(id) {
      rows.value = rows.value.filter((row) => row.id !== id)
      forget()
    },
    move(from, to) {
      const [row] = rows.value.splice(from, 1)
      if (row) rows.value.splice(to, 0, row)
      forget()
    },
    async save(over = version) {
      forget()
      const outcome = { isDone: false }
      await save(async () => {
        outcome.isDone = await put(over)
      })
      if (outcome.isDone) onSaved()
      return outcome.isDone
    },
    takeNewer() {
      if (newer.value) show(newer.value.rules, newer.value.version)
    },
  }
}

function differences(
  before: readonly Rule[],
  after: readonly Rule[],
): Pick<Newer, 'added' | 'changed' | 'removed'> {
  const old = new Map(before.map((rule) => [rule.name, JSON.stringify(rule)]))
  const names = new Set(after.map(({ name }) => name))
  return {
    added: after.flatMap(({ name }) => (old.has(name) ? [] : name)),
    changed: after.flatMap((rule) =>
      old.has(rule.name) && old.get(rule.name) !== JSON.stringify(rule) ? rule.name : [],
    ),
    removed: before.flatMap(({ name }) => (names.has(name) ? [] : name)),
  }
}
