/** What the browser says about the device. *Claimed*: shown to the player line by line before it is sent. */

/** Name to value; each name has a sentence in `words`. */
export function describeDevice(): Record<string, string> {
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
