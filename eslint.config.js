import tseslint from 'typescript-eslint'
import vue from 'eslint-plugin-vue'
import vueParser from 'vue-eslint-parser'
import { layers } from './scripts/eslint-layers.js'
import { namedParts, noCircle } from './scripts/eslint-structure.js'

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'modules/',
      'coverage/',
      'data/',
      'bench/node_modules/',
      'examples/miniprogram/',
      'test/hosts/',
    ],
  },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.config.js', 'scripts/*.js', '.ci/*.js'] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
      },
    },
    plugins: { kefu: { rules: { layers, 'named-parts': namedParts, 'no-circle': noCircle } } },
    rules: {
      'kefu/layers': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // An async function with nothing to await yet is how an interface of promises is met.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.js', 'bench/**'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['src/**/*.ts', 'web/**/*.{ts,vue}'],
    rules: { 'kefu/no-circle': 'error' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'kefu/named-parts': 'error' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts', 'src/emulator/**', 'src/store/every.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'setInterval', message: 'BackgroundLoop and every (src/store) have one way to stop.' },
      ],
    },
  },
  {
    // Browsers run these too.
    files: ['src/protocol/**/*.ts', 'src/wechat/messages/**/*.ts', 'src/wechat/{limits,text}.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', 'Buffer', 'process', 'setImmediate', 'setInterval'] },
  },
  {
    files: ['src/**/*.ts', 'web/**/*.{ts,vue}'],
    ignores: [
      '**/*.test.ts',
      // Tables and words are as long as they are.
      'src/wechat/errcode.ts',
      'src/store/schema.ts',
      'web/**/{en,zh-CN}.ts',
    ],
    rules: { 'max-lines': ['error', 300] },
  },
  ...vue.configs['flat/recommended'],
  {
    files: ['web/**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: {
        parser: tseslint.parser,
        sourceType: 'module',
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
      },
    },
    rules: {
      // Prettier owns the layout of templates.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/attributes-order': 'off',
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
