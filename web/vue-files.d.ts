// For the linter, which does not read .vue files. vue-tsc does: tsconfig.types.json leaves this out, so that a missing one is an error.
declare module '*.vue' {
  import type { Component } from 'vue'
  const component: Component
  export default component
}
