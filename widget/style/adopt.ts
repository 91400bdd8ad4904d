/** Styles inside a shadow root, under any content security policy. */

/** An adopted sheet needs no leave from `style-src`. */
export function addStyles(root: ShadowRoot, css: string): boolean {
  if (!root.adoptedStyleSheets) return false
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  return true
}
