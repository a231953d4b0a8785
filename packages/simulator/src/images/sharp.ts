import sharp, { type OverlayOptions, type Sharp } from 'sharp';

// What sharp may load holds for the whole process, and whoever checks strangers' pictures there shuts SVG out. The
// simulator's only SVG is the scenery that it writes itself.
sharp.unblock({ operation: ['VipsForeignLoadSvg'] });

export { sharp, type OverlayOptions, type Sharp };
