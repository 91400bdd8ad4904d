/** A real Chromium from npm alone: where it is, and how it starts, on a machine that has neither a browser nor fonts. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What `chromium.launch` of playwright and playwright-core takes. Empty where Playwright brings its own browser. */
export interface ChromiumLaunch {
  executablePath?: string
  args: string[]
  env?: Record<string, string>
}

/**
 * Unpacks the packaged browser once and tells how to launch it.
 *
 * The package unpacks to a fixed name in the temp folder and takes whatever lies there for its own, of any version and
 * half unpacked too. So it is sent to a folder named after its version, moved into place only when whole.
 */
export async function chromiumLaunch(): Promise<ChromiumLaunch> {
  const args = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none']
  if (process.platform !== 'linux' || process.arch !== 'x64') return { args }
  const home = browserHome()
  if (!existsSync(join(home, 'chromium'))) await unpackInto(home)
  return { executablePath: join(home, 'chromium'), args, env: browserEnvironment(home) }
}

function browserHome(): string {
  const packageFolder = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../..')
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  return join(packageFolder, '../../.cache', `medkit-chromium-${version}`)
}

async function unpackInto(home: string): Promise<void> {
  mkdirSync(dirname(home), { recursive: true })
  const fresh = mkdtempSync(`${home}-`)
  await withEnvironment({ TMPDIR: fresh, AWS_LAMBDA_JS_RUNTIME: 'nodejs22.x' }, async () => {
    const { default: packaged } = await import('@sparticuz/chromium')
    await packaged.executablePath()
  })
  writeFileSync(join(fresh, 'fonts.conf'), fontsConfig(home))
  try {
    renameSync(fresh, home)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    // Another test process was faster; its folder is as whole as this one.
    if (!existsSync(join(home, 'chromium'))) throw error
  }
}

/** The variables steer the package: where to unpack, and that the machine may lack the libraries it carries along. */
async function withEnvironment(values: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const before = { ...process.env }
  Object.assign(process.env, values)
  try {
    await run()
  } finally {
    for (const name of [...Object.keys(values), 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH', 'HOME']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
}

/** The machine's own fonts first; the packaged ones so that there is text at all. */
function fontsConfig(home: string): string {
  return `<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${home}/fonts/fonts</dir>
  <cachedir>${home}/fonts-cache</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
`
}

function browserEnvironment(home: string): Record<string, string> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const libraries = [process.env.LD_LIBRARY_PATH, join(home, 'al2023/lib')].filter(Boolean).join(':')
  return {
    ...Object.fromEntries(inherited),
    LD_LIBRARY_PATH: libraries,
    FONTCONFIG_FILE: join(home, 'fonts.conf'),
  }
}
