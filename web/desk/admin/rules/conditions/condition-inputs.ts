import type { Component } from 'vue'
import type { When } from '../../../../../src/rules/rule-set.js'
import ComparisonField from './ComparisonField.vue'
import EventField from './EventField.vue'
import HoursField from './HoursField.vue'
import TagsField from './TagsField.vue'
import TypeField from './TypeField.vue'
import type { ConditionProps } from './condition-props.js'

/** The component that edits each condition in the form. The compiler asks for that of a new one. */
export const conditionInputs: Readonly<Record<keyof When, Component<ConditionProps>>> = {
  text: ComparisonField,
  type: TypeField,
  event: EventField,
  sessionFrom: ComparisonField,
  hours: HoursField,
  tags: TagsField,
}
