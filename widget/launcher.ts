/** The round button on the game's page: plain DOM, because it is on every page of the game's site. */

/** The only word that loads before anybody asked for help. */
const names: Record<string, string> = { ar: 'الدعم', de: 'Hilfe', ja: 'サポート' }

/**
 * Makes the launcher, a link to the full page that behaves as a button: should the panel be blocked or gone, pressing it
 * once more still reaches support.
 */
export function createLauncher(page: string, locale: string, position?: string): HTMLElement {
  const launcher = document.createElement('a')
  launcher.className = `launcher ${position}`
  launcher.href = page
  launcher.target = '_blank'
  launcher.setAttribute('role', 'button')
  launcher.setAttribute('aria-label', names[locale.slice(0, 2)] ?? 'Support')
  // A speech bubble with a cross in it: say it, and somebody patches it up.
  const draw = (name: string) => document.createElementNS('http://www.w3.org/2000/svg', name)
  const icon = draw('svg')
  const path = draw('path')
  icon.setAttribute('viewBox', '0 0 24 24')
  path.setAttribute('d', 'M12 4a9 8 0 1 1-4 15l-4 1 1-4A9 8 0 0 1 12 4m0 4v7M8 12h7')
  icon.append(path)
  launcher.append(icon)
  return launcher
}
