/** What the browser says about the device. *Claimed*: shown to the player line by line before it is sent. */

/** The relay takes no more than this of one value. */
const longest = 1_024

/** Everything with a value, what the game told over what the browser says. */
export function describe(told: Record<string, string>): Record<string, string> {
  const all = Object.entries({ ...describeDevice(), ...told }).filter(([, value]) => value)
  // Of the last steps the last.
  return Object.fromEntries(
    all.map(([name, value]) => [name, name === 'breadcrumbs' ? value.slice(-longest) : value.slice(0, longest)]),
  )
}

/** Name to value; each name has a sentence in `words`. */
function describeDevice(): Record<string, string> {
  const agent = navigator.userAgent
  return {
    browser: nameIn(agent, /(Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|Chrome|Version)\/([\d.]+)/).replace(
      'Version',
      'Safari',
    ),
    os: nameIn(agent, /(Windows NT|Android|iPhone OS|CPU OS|Mac OS X|CrOS|Linux)[ /]?([\w.]*)/).replace(
      /(\d)_/g,
      '$1.',
    ),
    screen: `${screen.width} × ${screen.height} @${devicePixelRatio}`,
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    // Never what stands behind the `?` or the `#`: there may be a token in it.
    page: location.host + location.pathname,
  }
}

function nameIn(agent: string, pattern: RegExp): string {
  const [, name = '', version = ''] = pattern.exec(agent) ?? []
  return `${name} ${version}`.trim()
}
