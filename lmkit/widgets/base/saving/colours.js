// Colours as every drawing program reads them: browsers write color-mix() as color(srgb …), which few others know.

/** @typedef {{ hex: string, opacity: number }} Colour */

/** @type {Map<string, Colour>} */
const KNOWN = new Map();
/** @type {CanvasRenderingContext2D | null} */
let brush = null;

/**
 * A colour of CSS as a hexadecimal number and an opacity.
 *
 * @param {string} css
 * @returns {Colour}
 */
export function colourOf(css) {
  const known = KNOWN.get(css);
  if (known) return known;
  brush ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
    willReadFrequently: true,
  });
  if (!brush) return { hex: "#000000", opacity: 1 };
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = css;
  brush.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
  const hex = `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  const made = { hex, opacity: Math.round((alpha / 255) * 1000) / 1000 };
  KNOWN.set(css, made);
  return made;
}

/**
 * The attributes that fill or stroke with a colour of CSS; none where it is clear.
 *
 * @param {"fill" | "stroke"} what
 * @param {string} css
 * @returns {Record<string, string | number> | null}
 */
export function paint(what, css) {
  const { hex, opacity } = colourOf(css);
  if (!opacity) return null;
  return opacity < 1 ? { [what]: hex, [`${what}-opacity`]: opacity } : { [what]: hex };
}
