import { between, oneOf, type Random } from './random.js';

/** The colours of one picture, as `#rrggbb`: the one notation that SVG and Pango share. */
export interface Palette {
  /** Sky from top to horizon. */
  readonly sky: readonly [string, string, string];
  readonly sun: string;
  /** Hills from the farthest to the nearest; the nearest is dark enough for white letters. */
  readonly hills: readonly string[];
  /** Letters on the sky. */
  readonly ink: string;
  /** What a mask opened, and frames: stands out from everything else. */
  readonly accent: string;
}

// Picked by eye: yellow-greens between 60° and 150° look ill as a sky.
const hues = [8, 24, 38, 168, 188, 204, 220, 244, 268, 300, 334] as const;
const layers = 5;

/** Hue in degrees, saturation and lightness in percent. */
function hsl(hue: number, saturation: number, lightness: number): string {
  const light = lightness / 100;
  const reach = (saturation / 100) * Math.min(light, 1 - light);
  const channel = (offset: number): string => {
    const k = (((offset + hue / 30) % 12) + 12) % 12;
    const value = light - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

function hillsOf(hue: number, turn: number, from: number, to: number): string[] {
  return Array.from({ length: layers }, (_, i) => {
    const depth = i / (layers - 1);
    return hsl(hue + turn * (1 - depth), 26 + 16 * depth, from + (to - from) * depth);
  });
}

/** Mist in the morning: light sky, dark letters. */
function day(hue: number, turn: number): Palette {
  return {
    sky: [hsl(hue, 46, 80), hsl(hue + turn * 0.5, 52, 87), hsl(hue + turn, 72, 93)],
    sun: hsl(hue + turn, 90, 97),
    hills: hillsOf(hue, turn, 78, 25),
    ink: hsl(hue, 42, 17),
    accent: hsl(hue + 170, 62, 52),
  };
}

/** Dusk: deep sky, warm horizon, white letters. */
function dusk(hue: number, turn: number): Palette {
  return {
    sky: [hsl(hue, 44, 24), hsl(hue + turn * 0.6, 42, 42), hsl(hue + turn * 1.4, 62, 70)],
    sun: hsl(hue + turn * 1.6, 88, 86),
    hills: hillsOf(hue, turn, 52, 15),
    ink: '#ffffff',
    accent: hsl(hue + 170, 62, 58),
  };
}

export function paletteOf(random: Random): Palette {
  const hue = oneOf(random, hues) + between(random, -7, 7);
  const turn = oneOf(random, [-1, 1]) * between(random, 18, 40);
  return random() < 0.62 ? day(hue, turn) : dusk(hue, turn);
}
