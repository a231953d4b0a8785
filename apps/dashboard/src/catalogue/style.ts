/** What the pictures of a catalogue may be. */

export const styles = ['studio', 'lifestyle', 'flat_lay', 'close_up', 'own_photo'] as const;
export type Style = (typeof styles)[number];
