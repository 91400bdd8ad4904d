/** What the widget does on a page that changes under it: takes it away, moves it, covers it, or shuts it out. */
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import type { Finding, Medkit } from '../../widget/handle.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, launch } from './browser.ts'
import { type Site, startSite } from './sites.ts'

declare global {
  interface Window {
    problems: string[]
    taken: number
  }
}

/** As any page may do it, at any time. */
const changes: Record<string, () => void> = {
  'puts another body in place of its own, as Turbo does': () => {
    const next = document.createElement('body')
    next.append(Object.assign(document.createElement('h1'), { textContent: 'Another page' }))
    document.body.replaceWith(next)
  },
  'empties its body and fills it anew, as pjax does': () => {
    document.body.innerHTML = '<h1>Another page</h1>'
  },
  'takes out the one element it does not know': () => {
    document.querySelector('medkit-host')?.remove()
  },
}

/** Takes every listener off the old document, too, down to those in shadow roots (HTML, "document open steps"). */
function writeDocument(): void {
  document.open()
  document.write('<!doctype html><title>Another</title><h1>Another page</h1>')
  document.close()
}

describe('a page with the widget on it', () => {
  let relay: TestRelay
  let site: Site

  beforeEach(async () => {
    site = await startSite('game')
    relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { origins: [site.origin] } })
  })
  afterEach(async () => {
    await Promise.all((await launch()).contexts().map((context) => context.close()))
    await Promise.all([relay.close(), site.close()])
  })
  afterAll(closeBrowser)

  const tag = (game = 'star-harbor') => `<script async src="${relay.url}/medkit.js" data-game="${game}"></script>`

  async function open(html: string, init?: () => void): Promise<Page> {
    const context = await (await launch()).newContext({ viewport: { width: 1000, height: 700 }, locale: 'en' })
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    if (init) await page.addInitScript(init)
    site.pages.set('/', html)
    await page.goto(`${site.origin}/`)
    return page
  }
  const launcher = (page: Page) => page.getByRole('button', { name: en.launcher, exact: true })
  const examined = (page: Page): Promise<Finding[]> =>
    page.evaluate(() => (window.medkit as unknown as Medkit).doctor())
  const problems = (page: Page) => page.evaluate(() => window.problems)
  const listening = `<script>problems = []; medkit = [['on', 'problem', ({ code }) => problems.push(code)]]</script>`

  /** A player in the middle of a reply. */
  async function beginReply(page: Page): Promise<void> {
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).click()
    await page.getByLabel('Something is broken').check({ force: true })
    await page.getByLabel(en.message).fill('My sword is gone.')
    await page.getByRole('button', { name: en.send, exact: true }).click()
    await page.getByLabel(more.write).fill('It was the blue one')
    await page.getByLabel(more.write).press('ArrowLeft')
  }
  /** Nothing of it is lost, and the next key goes on where the last one was. */
  async function goesOn(page: Page): Promise<void> {
    await page.getByRole('log').getByText('My sword is gone.').waitFor()
    await page.keyboard.type('!')
    expect(await page.getByLabel(more.write).inputValue()).toBe('It was the blue on!e')
  }
  /** Pressed as a player presses it: where it is seen, once it has come to rest. */
  async function isInItsCorner(shown: Locator): Promise<void> {
    const distances = async () => {
      const box = await shown.boundingBox()
      return box && [Math.round(1000 - box.x - box.width), Math.round(700 - box.y - box.height)]
    }
    await expect.poll(distances, { timeout: 20_000 }).toEqual([16, 16])
  }

  for (const [what, change] of Object.entries(changes)) {
    it(`has it back in the same breath when it ${what}: the conversation, the draft, the caret`, async () => {
      const page = await open(`<body><h1>Game</h1>${tag()}`)
      await beginReply(page)
      await page.evaluate(change)
      await goesOn(page)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await isInItsCorner(launcher(page))
    })

    it(`has the launcher back when it ${what}, without asking the relay for more than the script`, async () => {
      const page = await open(`<body><h1>Game</h1>${tag()}`)
      const asked: string[] = []
      page.on('request', (request) => asked.push(new URL(request.url()).pathname))
      await launcher(page).waitFor()
      for (let times = 0; times < 3; times += 1) {
        await page.evaluate(change)
        await launcher(page).waitFor()
      }
      await isInItsCorner(launcher(page))
      expect(asked.filter((path) => path !== '/medkit.js')).toEqual([])
      await launcher(page).click()
      await page.getByRole('button', { name: en.getHelp }).waitFor()
    })
  }

  it('has it back when it writes a new document: the conversation, the draft, and what can be pressed', async () => {
    const page = await open(`<body><h1>Game</h1>${tag()}`)
    await beginReply(page)
    await page.evaluate(writeDocument)
    await page.getByRole('log').getByText('My sword is gone.').waitFor()
    const box = page.getByLabel(more.write)
    expect(await box.inputValue()).toBe('It was the blue one')
    await box.press('End')
    await page.keyboard.type('!')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('It was the blue one!').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await isInItsCorner(launcher(page))
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).waitFor()
  })

  it('has a launcher that can be pressed when it writes a new document before anybody asked for help', async () => {
    const page = await open(`<body><h1>Game</h1>${tag()}`)
    await launcher(page).waitFor()
    await page.evaluate(writeDocument)
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).waitFor()
  })

  it('keeps what the player had scrolled to', async () => {
    const page = await open(`<body><h1>Game</h1>${tag()}`)
    await beginReply(page)
    const box = page.getByLabel(more.write)
    await box.fill('line\n'.repeat(60))
    await box.press('Enter')
    await page.getByRole('log').getByText('line').waitFor()
    const top = () => page.getByRole('log').evaluate((log) => log.scrollTop)
    await page.getByRole('log').evaluate((log) => log.scrollTo(0, 200))
    await until(async () => (await top()) === 200, 'it is scrolled')
    await page.evaluate(changes['takes out the one element it does not know'] ?? (() => {}))
    await page.getByRole('log').waitFor()
    expect(await top()).toBe(200)
  })

  /** Removes it in the moment it comes, for as long as the page stands. */
  const insist = () => {
    window.taken = 0
    const remove = () => {
      for (const host of document.querySelectorAll('medkit-host')) {
        host.remove()
        window.taken += 1
      }
    }
    new MutationObserver(remove).observe(document, { childList: true, subtree: true })
    remove()
  }

  it('is left alone once it insists on taking it away, and hears why', async () => {
    const page = await open(`${listening}<body><h1>Game</h1>${tag()}`)
    await launcher(page).waitFor()
    const warnings: string[] = []
    page.on('console', (message) => warnings.push(message.text()))
    await page.evaluate(insist)
    await until(async () => (await problems(page)).includes('removed_from_page'), 'the studio hears of it')
    await until(() => warnings.join('\n').includes('<medkit-host>'), 'the console says so')
    const presence = (await examined(page)).find(({ check }) => check === 'page')
    expect(presence).toMatchObject({ ok: false })
    const told = (await problems(page)).length
    await page.evaluate(() => (window.medkit as unknown as Medkit).open())
    await until(async () => (await problems(page)).length > told, 'it is told again when it opens what is not there')
    expect(await page.evaluate(() => window.taken)).toBeLessThan(40)
    expect(await launcher(page).count()).toBe(0)
  })

  it('hears of it too while it takes it away every tenth of a second', async () => {
    const page = await open(`${listening}<body><h1>Game</h1>${tag()}`)
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).waitFor()
    await page.evaluate(() => {
      setInterval(() => document.querySelector('medkit-host')?.remove(), 100)
    })
    await until(async () => (await problems(page)).includes('removed_from_page'), 'the studio hears of it')
  })

  it('may be transformed and filtered: launcher and panel keep to the window', async () => {
    const style = '<style>body { min-height: 3000px; transform: translateX(40px); filter: blur(0) }</style>'
    const page = await open(`${style}<body><h1>Game</h1>${tag()}`)
    await isInItsCorner(launcher(page))
    await launcher(page).click()
    await isInItsCorner(page.getByRole('dialog'))
  })

  it('has the plain widget where the browser has no top layer', async () => {
    const page = await open(`<body><h1>Game</h1>${tag()}`, () => {
      Reflect.deleteProperty(HTMLElement.prototype, 'togglePopover')
      Reflect.deleteProperty(HTMLElement.prototype, 'popover')
    })
    await isInItsCorner(launcher(page))
    await beginReply(page)
    await page.evaluate(changes['empties its body and fills it anew, as pjax does'] ?? (() => {}))
    await goesOn(page)
  })

  it('ranks the widget by its own variable, whenever it sets it', async () => {
    const style = `<style>.shop { position: fixed; inset: 0; z-index: 9; background: #fff }
      :root { --medkit-z-index: 8 }</style>`
    const page = await open(`<body><h1>Game</h1><div class="shop">Shop</div>${tag()}${style}`)
    await until(() => page.locator('medkit-host').count(), 'the widget is there')
    const onTop = () => page.evaluate(() => document.elementFromPoint(960, 660)?.className)
    await until(async () => (await onTop()) === 'shop', 'the shop lies over the launcher')
  })

  describe('and a modal dialog of its own', () => {
    const html = () => `<body><h1>Game</h1><button id="play">Play</button>
      <dialog><button id="help">Help</button><button id="leave">Leave</button></dialog>${tag()}`
    /** It closes when it is pressed beside, as many do. */
    const show = (page: Page) =>
      page.evaluate(() => {
        const dialog = document.querySelector('dialog')
        dialog?.addEventListener('click', ({ clientX, clientY }) => {
          const { left, right, top, bottom } = dialog.getBoundingClientRect()
          if (clientX < left || clientX > right || clientY < top || clientY > bottom) dialog.close()
        })
        document.querySelector('#help')?.addEventListener('click', () => (window.medkit as unknown as Medkit).open())
        dialog?.showModal()
      })
    const isOpen = (page: Page) => page.evaluate(() => document.querySelector('dialog')?.open)
    const focusedId = (page: Page) => page.evaluate(() => document.activeElement?.id)

    it('can be helped from there, and has the focus back on what opened it', async () => {
      const page = await open(html())
      await launcher(page).waitFor()
      await show(page)
      await page.getByRole('button', { name: 'Help' }).click()
      await page.getByRole('button', { name: en.getHelp }).click()
      await page.getByLabel(en.message).fill('I cannot pay.')
      expect(await isOpen(page)).toBe(true)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: en.getHelp }).waitFor({ state: 'hidden' })
      expect([await isOpen(page), await focusedId(page)]).toEqual([true, 'help'])
    })

    it('may open it over a reply and close it again: the reply can be gone on with in both', async () => {
      const page = await open(html())
      await beginReply(page)
      await show(page)
      await until(async () => (await focusedId(page)) === 'help', 'the dialog has the focus')
      await page.getByLabel(more.write).click()
      await page.getByLabel(more.write).press('End')
      await page.keyboard.type(' with ')
      await page.evaluate(() => document.querySelector('dialog')?.close())
      await page.keyboard.type('gold')
      expect(await page.getByLabel(more.write).inputValue()).toBe('It was the blue one with gold')
      expect(await page.evaluate(() => document.querySelector('medkit-host')?.parentElement?.localName)).toBe('body')
    })
  })

  it('is told why a tag for another game does nothing, and not of its own tag twice', async () => {
    const page = await open(`${listening}<body><h1>Game</h1>${tag()}${tag()}`)
    const warnings: string[] = []
    page.on('console', (message) => warnings.push(message.text()))
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).waitFor()
    expect((await examined(page)).find(({ check }) => check === 'tags')).toMatchObject({ ok: true })
    expect([await problems(page), warnings]).toEqual([[], []])

    site.pages.set('/', `${listening}<body><h1>Game</h1>${tag()}${tag('moon-base')}`)
    await page.reload()
    await launcher(page).click()
    await until(async () => (await problems(page)).includes('second_game'), 'the studio hears of it')
    await until(() => warnings.join().includes('a script tag for another does nothing'), 'the console says so')
    const found = (await examined(page)).find(({ check }) => check === 'tags')
    expect(found).toMatchObject({ ok: false, detail: expect.stringContaining('moon-base') })
    expect(await page.locator('medkit-host').count()).toBe(1)
  })
})
