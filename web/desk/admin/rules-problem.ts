/** What the service says against a set of rules, sorted by the rule that it is about. */
export interface RuleProblems {
  /** By the rule's place. */
  byRule: Map<number, string[]>
  others: string[]
}

/** Reads the lines `rules[2].when.text (rule "name"): …`. */
export function readRuleProblems(message: string): RuleProblems {
  const byRule = new Map<number, string[]>()
  const others: string[] = []
  const lines = message.split('\n')
  // The first says only that there are some.
  for (const line of lines.length > 1 ? lines.slice(1) : lines) {
    const found = /^ *(?:the )?rules\[(\d+)\]\.?(.*?)(?: \(rule ".*?"\))?: (.*)$/.exec(line)
    if (!found) {
      others.push(line.trim())
      continue
    }
    const [, place, path = '', text = ''] = found
    const index = Number(place)
    byRule.set(index, [...(byRule.get(index) ?? []), path === '' ? text : `${path}: ${text}`])
  }
  return { byRule, others }
}
