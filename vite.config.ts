/** Builds what runs in the browser, and says how the tests run. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { build, type Plugin, type UserConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import { chromiumLaunch } from './test/chromium.ts'

/** The oldest engines Medkit runs in: Android's and iOS's webviews of 2020, and Firefox's long-term release of that year. */
const engines = ['chrome80', 'safari13.1', 'firefox78']
const versions = { chrome: 80 << 16, safari: (13 << 16) | (1 << 8), firefox: 78 << 16 }

const shared: UserConfig = {
  configFile: false,
  base: './',
  publicDir: false,
  css: { transformer: 'lightningcss', lightningcss: { targets: versions } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
}

const output = { target: engines, cssTarget: engines, modulePreload: false, reportCompressedSize: false } as const

const site: UserConfig['build'] = {
  ...output,
  outDir: 'dist/widget',
  emptyOutDir: true,
  rolldownOptions: {
    input: { index: 'index.html', demo: 'widget/demo.html', panel: 'widget/mount.ts' },
    preserveEntrySignatures: 'exports-only',
    output: { entryFileNames: 'assets/[name]-[hash].js', chunkFileNames: 'assets/[name]-[hash].js' },
  },
}

const npm: UserConfig['build'] = {
  ...output,
  outDir: 'dist/npm',
  emptyOutDir: true,
  lib: { entry: 'widget/mount.ts', formats: ['es'], fileName: 'mount' },
}

/**
 * Builds `medkit.js` once the panel's hashed name is known: a classic script that fetches the panel from beside itself.
 * It cannot be a part of the first build, because that one makes modules, and a page's `<script async src>` is none.
 */
function embedScript(): Plugin {
  return {
    name: 'medkit:embed',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      const panel = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === 'panel')
      if (!dir || !panel) return
      await build({
        ...shared,
        logLevel: 'warn',
        plugins: [pointAt(`./${panel.fileName}`)],
        build: {
          ...output,
          outDir: dir,
          emptyOutDir: false,
          lib: { entry: 'widget/embed.ts', formats: ['iife'], name: 'unused', fileName: () => 'medkit.js' },
        },
      })
    },
  }
}

function pointAt(address: string): Plugin {
  return {
    name: 'medkit:panel-address',
    enforce: 'pre',
    resolveId: (id) => (id === './mount.ts' ? { id: address, external: true } : null),
  }
}

/** Vite keeps a page where its source lies; ours are all served from the top. */
function pagesAtTheTop(): Plugin {
  return {
    name: 'medkit:pages',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.startsWith('widget/')) continue
        file.fileName = file.fileName.slice('widget/'.length)
        file.source = String(file.source).replaceAll('../assets/', './assets/')
      }
    },
  }
}

export default defineConfig(async ({ mode }) => ({
  ...shared,
  plugins: mode === 'npm' ? [] : [pagesAtTheTop(), embedScript()],
  build: mode === 'npm' ? npm : site,
}))
