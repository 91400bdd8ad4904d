/** From the studio's one colour, all the colours made of it, so that every accent can be read on. */

type Colour = [red: number, green: number, blue: number]

const white: Colour = [255, 255, 255]
const black: Colour = [0, 0, 0]

/** Custom properties for one accent on a light or a dark surface. */
export function accentProperties(accent: string, dark: boolean): Record<string, string> {
  const colour = parse(accent)
  const surface: Colour = dark ? [23, 26, 33] : white
  return {
    '--accent': css(colour),
    '--on-accent': contrast(colour, white) >= 4.5 ? '#fff' : '#000',
    // For text and rings in the accent's own hue: moved away from the surface until it can be read.
    '--accent-ink': css(readableOn(surface, colour, dark ? white : black)),
    '--accent-wash': `rgba(${colour},${dark ? 0.22 : 0.12})`,
  }
}

/** `colour`, moved towards `end` until it stands out from `ground` by 4.5 to 1. */
function readableOn(ground: Colour, colour: Colour, end: Colour): Colour {
  for (let share = 0; share < 1; share += 0.05) {
    const moved = colour.map((part, index) => Math.round(part + ((end[index] ?? 0) - part) * share)) as Colour
    if (contrast(ground, moved) >= 4.6) return moved
  }
  return end
}

function parse(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

const css = (colour: Colour) => `rgb(${colour})`

/** WCAG 2, relative luminance and contrast ratio. */
function contrast(one: Colour, other: Colour): number {
  const both = [luminance(one) + 0.05, luminance(other) + 0.05]
  return Math.max(...both) / Math.min(...both)
}

function luminance([red, green, blue]: Colour): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function linear(part: number): number {
  const share = part / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}
