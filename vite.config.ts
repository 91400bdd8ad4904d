/** Builds what runs in the browser, and says how the tests run. */
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { type BuildOptions, build, type InlineConfig, type Plugin, preprocessCSS, resolveConfig } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { chromiumLaunch } from './test/fixtures/chromium.ts'
import { secondTries } from './test/second-tries.ts'

/** The oldest engines Medkit runs in: Android's and iOS's webviews of 2020, and Firefox's long-term release of that year. */
const engines = ['chrome80', 'safari13.1', 'firefox78']
const versions = { chrome: 80 << 16, safari: (13 << 16) | (1 << 8), firefox: 78 << 16 }

const shared: InlineConfig = {
  configFile: false,
  base: './',
  publicDir: false,
  css: { transformer: 'lightningcss', lightningcss: { targets: versions } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
}

/** All three engines know ES2020; what is younger is written out. */
const output = {
  target: 'es2020',
  cssTarget: engines,
  modulePreload: false,
  reportCompressedSize: false,
  outDir: 'dist/widget',
  emptyOutDir: false,
} as const

const names = { entryFileNames: 'assets/[name]-[hash:6].js', chunkFileNames: 'assets/[name]-[hash:6].js' }

/** The panel and what it fetches later. Everything else in `dist/widget` is a door to it. */
const panel: BuildOptions = {
  ...output,
  emptyOutDir: true,
  lib: { entry: { panel: 'widget/start.ts' }, formats: ['es'] },
  rolldownOptions: {
    preserveEntrySignatures: 'allow-extension',
    output: {
      ...names,
      minify: true,
      comments: false,
      codeSplitting: { groups: [{ name: 'panel', test: /widget.start\.ts$/ }] },
    },
  },
}

/** `index.html` and the demo's host page. */
const pages: BuildOptions = {
  ...output,
  rolldownOptions: { input: { index: 'index.html', demo: 'widget/demo.html' }, output: names },
}

/** `medkit.js`: a classic script, because a page's `<script async src>` runs no modules. */
const embed: BuildOptions = {
  ...output,
  lib: { entry: 'widget/embed.ts', formats: ['iife'], name: 'unused', fileName: () => 'medkit.js' },
}

const npm: BuildOptions = {
  ...output,
  outDir: 'dist/npm',
  emptyOutDir: true,
  lib: { entry: 'widget/mount.ts', formats: ['es'], fileName: 'mount' },
}

/**
 * The relay with the packages it uses, of each only what it uses: one file for what every start needs, and beside it what some
 * configurations need. A start that reads three hundred small files is three starts long.
 */
const relay: BuildOptions = {
  ssr: 'server/main.ts',
  target: 'node24',
  outDir: 'dist/relay',
  emptyOutDir: true,
  minify: false,
  reportCompressedSize: false,
  rolldownOptions: {
    output: {
      entryFileNames: 'main.js',
      chunkFileNames: 'parts/[name]-[hash].js',
      // Shorter, for whoever has to compile it, but with its names, for whoever reads what went wrong.
      minify: { compress: true, mangle: false, codegen: true },
      comments: false,
    },
  },
}

/** Builds the doors once the panel's hashed name is known. */
function doors(): Plugin {
  return {
    name: 'medkit:doors',
    apply: 'build',
    async writeBundle(_options, bundle) {
      const file = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === 'panel')
      if (!file) throw Error('the build made no panel')
      const quiet = { ...shared, logLevel: 'warn' } as const
      await build({ ...quiet, build: pages, plugins: [panelAt(`./${basename(file.fileName)}`), pagesAtTheTop()] })
      await build({ ...quiet, build: embed, define: { __panel__: JSON.stringify(`/${file.fileName}`) } })
      writeFileSync(`${output.outDir}/medkit.css`, await wholeStyleSheet())
    },
  }
}

/** Beside the door, not in it: `address` is relative to the file that asks. */
function panelAt(address: string): Plugin {
  return {
    name: 'medkit:panel-at',
    enforce: 'pre',
    resolveId: (id) => (id === './start.ts' ? { id: address, external: 'absolute' } : null),
  }
}

/** Vite keeps a page where its source lies; ours are all served from the top. */
function pagesAtTheTop(): Plugin {
  return {
    name: 'medkit:pages',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.startsWith('widget/')) continue
        file.fileName = basename(file.fileName)
        file.source = String(file.source).replaceAll('../assets/', './assets/')
      }
    },
  }
}

/** For engines that cannot adopt style sheets. */
async function wholeStyleSheet(): Promise<string> {
  const sheets = ['launcher', 'panel', 'inline', 'full-page', 'ticket-list', 'messaging'].map(
    (name) => `widget/style/${name}.css`,
  )
  const texts = sheets.map(async (file) =>
    preprocessCSS(await readFile(file, 'utf8'), file, await resolveConfig(shared, 'build')),
  )
  return (await Promise.all(texts)).map(({ code }) => code).join('\n')
}

// What a hundred processes import alike is compiled once.
if (process.env.VITEST) process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/compiled')

/** A browser beside a whole test run may starve on a machine that others share: there its journeys are tried once more. */
const retry = process.env.CI ? 1 : 0

/** Tests by what they need: nothing, a browser to run in, or a browser to drive. Most of their time is waiting. */
const node: TestProjectInlineConfiguration = {
  test: {
    name: 'node',
    include: ['test/**/*.test.ts'],
    exclude: ['test/widget/{panel,play,relay,state}/**', 'test/journey/**', '**/*.long.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}

const journey: TestProjectInlineConfiguration = {
  test: {
    name: 'journey',
    include: ['test/journey/**/*.test.ts'],
    retry,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
}

/** Relays killed at random, vendors and connections that break off, every field of every answer wrong: last, not hurried. */
const long: TestProjectInlineConfiguration = {
  test: {
    name: 'long',
    include: ['test/**/*.long.test.ts'],
    exclude: ['test/journey/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { groupOrder: 1 },
  },
}

async function browser(): Promise<TestProjectInlineConfiguration> {
  return {
    ...shared,
    optimizeDeps: {
      include: [
        '@testing-library/preact',
        'axe-core',
        'tus-js-client',
        'preact/jsx-dev-runtime',
        '@preact/signals-core',
      ],
    },
    test: {
      name: 'browser',
      include: ['test/widget/{panel,play,relay,state}/**/*.test.{ts,tsx}'],
      testTimeout: 60_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: await chromiumLaunch() }),
        instances: [{ browser: 'chromium', viewport: { width: 800, height: 900 } }],
      },
    },
  }
}

const builds: Record<string, BuildOptions> = { npm, relay }

export default defineConfig(async ({ mode }) => ({
  ...shared,
  plugins: mode in builds ? [] : [doors()],
  build: builds[mode] ?? panel,
  // All packages go in but for what the driver of PostgreSQL looks for and does without.
  ...(mode === 'relay' && { ssr: { noExternal: true as const, external: ['pg-native'] } }),
  ...(process.env.VITEST && {
    test: {
      projects: [node, await browser(), journey, long],
      globalSetup: 'test/fixtures/global-setup.ts',
      maxWorkers: 5,
      reporters: ['default', secondTries()],
    },
  }),
}))
