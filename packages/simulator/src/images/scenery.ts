import type { Size } from '../catalogue/sizes.js';
import type { Palette } from './palette.js';
import { between, type Random } from './random.js';

/**
 * The background of a picture: a sky, a sun and hills, as SVG. Calm on purpose: a page of these is what a newcomer
 * sees first, and the letters on top must stay readable.
 */

// Steps of a ridge line: fine enough that no corner shows at 3840 pixels.
const steps = 120;

function ridge(random: Random, { width, height }: Size, level: number, swing: number): string {
  const waves = [1.1, 2.3, 4.7].map((frequency, i) => ({
    frequency: frequency * between(random, 0.75, 1.35),
    phase: between(random, 0, Math.PI * 2),
    reach: (swing * height) / (1 + i * 1.4),
  }));
  const points = Array.from({ length: steps + 1 }, (_, i) => {
    const along = i / steps;
    const lift = waves.reduce((sum, w) => sum + w.reach * Math.sin(along * w.frequency * Math.PI * 2 + w.phase), 0);
    return `${(along * width).toFixed(1)},${(level * height - lift).toFixed(1)}`;
  });
  return `M0,${height} L${points.join(' L')} L${width},${height} Z`;
}

function hills(random: Random, size: Size, palette: Palette): string {
  return palette.hills
    .map((colour, i) => {
      const depth = i / (palette.hills.length - 1);
      return `<path d="${ridge(random, size, 0.58 + 0.24 * depth, 0.035 - 0.012 * depth)}" fill="${colour}"/>`;
    })
    .join('');
}

/** What is left of a picture with a transparent background: a sticker with a white rim. */
export function stickerShape({ width, height }: Size): { inset: number; radius: number; rim: number } {
  const edge = Math.min(width, height);
  return { inset: edge * 0.05, radius: edge * 0.16, rim: edge * 0.014 };
}

function sticker(size: Size, scene: string): string {
  const { inset, radius, rim } = stickerShape(size);
  const box = `x="${inset}" y="${inset}" width="${size.width - 2 * inset}" height="${size.height - 2 * inset}" rx="${radius}"`;
  return (
    `<clipPath id="shape"><rect ${box}/></clipPath><g clip-path="url(#shape)">${scene}</g>` +
    `<rect ${box} fill="none" stroke="#fff" stroke-width="${rim}"/>`
  );
}

export function scenery(random: Random, size: Size, palette: Palette, transparent: boolean): Buffer {
  const { width, height } = size;
  const [top, middle, horizon] = palette.sky;
  const radius = Math.min(width, height) * between(random, 0.085, 0.14);
  const sun = `cx="${(width * between(random, 0.2, 0.8)).toFixed(1)}" cy="${(height * between(random, 0.5, 0.57)).toFixed(1)}"`;
  const scene =
    `<rect width="${width}" height="${height}" fill="url(#sky)"/>` +
    `<circle ${sun} r="${radius * 2.6}" fill="url(#glow)"/><circle ${sun} r="${radius}" fill="${palette.sun}"/>` +
    hills(random, size, palette);
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>` +
      `<linearGradient id="sky" x1="0" y1="0" x2="0" y2="0.75"><stop offset="0" stop-color="${top}"/>` +
      `<stop offset="0.55" stop-color="${middle}"/><stop offset="1" stop-color="${horizon}"/></linearGradient>` +
      `<radialGradient id="glow"><stop offset="0.3" stop-color="${palette.sun}" stop-opacity="0.55"/>` +
      `<stop offset="1" stop-color="${palette.sun}" stop-opacity="0"/></radialGradient></defs>` +
      `${transparent ? sticker(size, scene) : scene}</svg>`,
  );
}
